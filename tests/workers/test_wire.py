"""How jobs travel: what arrives is what was sent, or it is told that it is not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neural_gallery.store import pixels
from neural_gallery.workers.identity import Identity, identity
from neural_gallery.workers.messages import Painted, Progress
from neural_gallery.workers.wire import DamagedError, LackingError, Library, Parcel, Parcels, key_of, pack, unpack

SHAPES = arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7)


@settings(deadline=None)  # the first picture takes longer than all others
@given(
    st.one_of(
        arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))),
        arrays.arrays(np.uint8, SHAPES),
        arrays.arrays(np.uint16, SHAPES),
        arrays.arrays(np.float32, SHAPES, elements=st.floats(0, 1, width=32)),
    )
)
def test_arrays_arrive(array: np.ndarray):
    """Of whatever shape and type, also parts of others that do not lie in one piece."""
    for one in (array, array.T):
        arrived = unpack(pack({"deep": [one, one]}))["deep"]
        assert arrived[0].dtype == one.dtype
        np.testing.assert_array_equal(arrived[0], one)
        assert arrived[1] is arrived[0]


def test_messages_arrive():
    """With everything that they carry."""
    frame = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    progress = unpack(pack(Progress(3, 9, "painting", 0.5, (frame, frame + 1), 0.25, b"state")))
    assert (progress.step, progress.loss, progress.checkpoint) == (3, 0.5, b"state")
    np.testing.assert_array_equal(progress.frames, [frame, frame + 1])
    painted = unpack(pack(Painted(frame, {"losses": [[1, 0.5]]}, frame * np.uint16(257))))
    np.testing.assert_array_equal(painted.fine, frame.astype(np.uint16) * 257)
    assert painted.facts == {"losses": [[1, 0.5]]}


def test_a_picture_is_packed_smaller():
    """A smooth one has a small part of its bytes; a panorama that WebP cannot hold is packed all the same."""
    rows, columns = np.mgrid[0:200, 0:300]
    picture = np.stack([rows, columns // 2, rows], axis=-1).astype(np.uint8)
    (parcel,) = pack(picture).parcels.values()
    assert parcel.webp
    assert len(parcel.data) < picture.nbytes / 10
    panorama = np.zeros((2, 20000, 3), np.uint8)
    np.testing.assert_array_equal(unpack(pack(panorama)), panorama)


def test_a_frame_is_packed_once():
    """The run stores the bytes in which it came, which nobody can have changed; none is kept longer than the frame."""
    frame = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    packed = pack(Progress(3, 9, "painting", 0.5, (frame,)))
    (arrived,) = unpack(packed).frames
    (parcel,) = packed.parcels.values()
    assert pixels.pack_frame(arrived) is parcel.data
    with pytest.raises(ValueError, match="read-only"):
        arrived += 1
    changed = arrived + 1
    np.testing.assert_array_equal(pixels.unpack(pixels.pack_frame(changed)).rgb, changed)
    number = id(arrived)
    del arrived
    assert number not in pixels._PACKED


def test_bytes_of_another_kind_are_not_remembered():
    """What is no lossless WebP of that size is not what the store would have packed."""
    frame = np.full((40, 60, 3), 7, np.uint8)
    for data in (b"", pixels.pack_still(frame, None), pixels.pack_frame(frame[:20])):
        pixels.remember_packed(frame, data)
        assert pixels.frame_size(pixels.pack_frame(frame)) == (60, 40)


def test_what_is_known_does_not_travel():
    """The other side takes it from its library; where it is not there, it is told which are lacking."""
    first, second = np.zeros((4, 5, 3), np.uint8), np.ones((4, 5, 3), np.uint8)
    library = Library()
    unpack(pack(first), library)
    both = pack([first, second], known={key_of(first)})
    assert set(both.parcels) == {key_of(second)}
    np.testing.assert_array_equal(unpack(both, library), [first, second])
    with pytest.raises(LackingError) as caught:
        unpack(both, Library())
    assert caught.value.keys == {key_of(first)}


def test_a_library_forgets():
    """What was not used for longest goes first; what is larger than all of it is not kept at all."""
    library = Library(most=250)
    for value in range(3):
        library.keep(str(value), np.full(100, value, np.uint8))
        library.get("0")
    assert library.get("1") is None
    assert library.get("0") is not None
    assert library.get("2") is not None
    library.keep("large", np.zeros(300, np.uint8))
    assert library.get("large") is None


def test_a_picture_that_comes_twice_counts_once():
    """So it drives nothing out."""
    library = Library(most=250)
    library.keep("first", np.zeros(100, np.uint8))
    for _ in range(3):
        library.keep("again", np.ones(100, np.uint8))
    assert library.get("first") is not None
    library.keep("last", np.ones(100, np.uint8))
    assert [library.get(key) is None for key in ("first", "again", "last")] == [False, True, False]


class Weighed:
    """An array that notes how often it is asked for its size."""

    times = 0

    @property
    def nbytes(self) -> int:
        """Bytes."""
        Weighed.times += 1
        return 3

    def setflags(self, *, write: bool) -> None:
        """As arrays have it."""


def test_a_library_of_many_pictures():
    """Keeping one more does not look at all of them again."""
    library = Library(most=1000)
    for number in range(1000):
        library.keep(str(number), Weighed())  # type: ignore[arg-type]
    assert Weighed.times < 5000


def test_parcels_are_remembered():
    """Until they are too many: then all are forgotten, and packed again."""
    first, second, third = (np.full((4, 5, 3), value, np.uint8) for value in (0, 90, 200))
    parcels = Parcels(most=len(pack(first).parcels[key_of(first)].data) + 1)
    (parcel,) = pack(first, packed=parcels).parcels.values()
    assert pack([first, second], packed=parcels).parcels[key_of(first)] is parcel
    assert pack([first, third], packed=parcels).parcels[key_of(first)] is parcel
    assert [parcels.get(key_of(one)) is None for one in (first, second, third)] == [True, True, False]


def test_damage_is_found():
    """In the message, in a picture, and in a picture that is whole and another one."""
    picture = np.zeros((4, 5, 3), np.uint8)
    packed = pack(picture)
    ((key, parcel),) = packed.parcels.items()
    other = pack(picture + 1).parcels[key_of(picture + 1)]
    for damaged in (
        replace(packed, body=packed.body + b"."),
        replace(packed, parcels={key: replace(parcel, data=parcel.data[:-9])}),
        replace(packed, parcels={key: other}),
        replace(packed, parcels={key: Parcel(False, (4, 5, 3), "|u1", b"none")}),
    ):
        with pytest.raises(DamagedError):
            unpack(damaged)


def test_who_may_paint_for_whom():
    """Only who has the same version, engine and weights."""
    mine = identity()
    assert mine.told_from(identity()) == ""
    assert mine.told_from(replace(mine, version="0.0.9")) == (
        f"it has neural-gallery 0.0.9 (engine {mine.engine}), and this is {mine.version} (engine {mine.engine})"
    )
    other = Identity(mine.version, mine.engine, "0" * 64)
    assert mine.told_from(other) == "its copy of the weights is damaged, or another one"


def test_a_share_of_the_cores(monkeypatch: pytest.MonkeyPatch):
    """Each of several gets a part of them; all cores are somebody's, and nobody has none."""
    from neural_gallery.workers import hand

    for cores, of in ((8, 3), (2, 4), (4, 4), (64, 1)):
        given: list[set[int]] = []
        fake = SimpleNamespace(
            getpid=lambda: 1,
            sched_getaffinity=lambda _, cores=cores: set(range(cores)),
            sched_setaffinity=lambda _, share, given=given: given.append(share),
        )
        monkeypatch.setattr(hand, "os", fake)
        for number in range(of):
            hand.take_share(number, of)
        assert set().union(*given) == set(range(cores))
        assert all(given)
        if of <= cores:
            assert sum(map(len, given)) == cores
