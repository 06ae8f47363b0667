/*
 * Keeps a page up to date while `neural-gallery serve` runs: loads it anew when its sources change, shows pairs as they
 * are painted, and says what is wrong with the sources. Only `serve` puts this script into pages.
 *
 * A pair is known by the address of its result's still, so that any theme's markup will do. Words are added where the
 * picture stands in a figure; elsewhere, on a sheet or a card, only the picture changes.
 */
(() => {
  "use strict";

  const own = document.currentScript;
  const standsForSite = own.dataset.page === "problems";
  const LEFT = "neural-gallery-left";
  let version = own.dataset.version;

  /** Where the images of each still are: their addresses change as frames come. */
  const images = new Map();
  /** The number of the newest frame of each still, so that an older one never replaces it. */
  const newest = new WeakMap();

  function collect(root) {
    for (const image of root.querySelectorAll("img[src]")) {
      const path = new URL(image.getAttribute("src"), location.href).pathname;
      if (!images.has(path)) images.set(path, new Set());
      images.get(path).add(image);
    }
  }

  function imagesOf(still) {
    const path = new URL(`/${still}`, location.href).pathname;
    const there = [...(images.get(path) ?? [])].filter((image) => image.isConnected);
    images.set(path, new Set(there));
    return there;
  }

  function element(name, className, text = "") {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }

  /* ------------------------------------------------------------- a corner of the page: what goes on, what is wrong */

  const corner = element("aside", "live-corner");
  corner.setAttribute("aria-label", "neural-gallery serve");
  const pill = element("p", "live-pill");
  pill.setAttribute("role", "status");
  const wrong = element("div", "live-wrong");
  wrong.setAttribute("role", "alert");
  corner.append(wrong, pill);
  document.body.append(corner);

  function say(text) {
    if (pill.textContent !== text) pill.textContent = text;
  }

  function showProblems(problems) {
    if (!problems.length || standsForSite) {
      wrong.replaceChildren();
      return;
    }
    const panel = element("details", "live-panel");
    panel.open = wrong.querySelector("details")?.open ?? true;
    const many = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const list = element("ul", "live-list");
    list.tabIndex = 0; // it may have to be scrolled
    list.setAttribute("aria-label", many);
    for (const problem of problems) {
      const item = element("li");
      for (const part of ["where", "message", "remedy"]) {
        if (problem[part]) item.append(element("span", part, problem[part]), " ");
      }
      list.append(item);
    }
    panel.append(element("summary", "", many), list);
    wrong.replaceChildren(panel);
  }

  /* ---------------------------------------------------------------------------------------- pairs on their way */

  function placeOf(image) {
    const figure = image.closest("figure.pair, figure");
    if (!figure) return null;
    let place = figure.querySelector(":scope > .live-progress");
    if (!place) {
      place = element("div", "live-progress");
      const bar = element("progress");
      bar.max = 1;
      bar.setAttribute("aria-label", `Painting: ${image.alt}`);
      place.append(bar, element("span"));
      figure.insertBefore(place, figure.querySelector(":scope > figcaption"));
    }
    return place;
  }

  function tell(image, words, work) {
    const place = placeOf(image);
    if (!place) return;
    const [bar, text] = place.children;
    bar.hidden = work === null;
    bar.value = work ?? 0;
    text.textContent = words;
  }

  /** No result yet: the content stands there, pale, and there is nothing to play. */
  function wait(still, words) {
    for (const image of imagesOf(still)) {
      image.classList.add("live-waiting");
      image.closest("figure")?.classList.add("live-unfinished");
      tell(image, words, null);
    }
  }

  function left(seconds) {
    const whole = Math.max(1, Math.round(seconds));
    if (whole < 60) return `${whole} s left`;
    return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s left` : `${(whole / 3600).toFixed(1)} h left`;
  }

  function words({ step, steps, stage, loss, left: seconds }) {
    if (step === 0) return [stage, left(seconds)].join(", ");
    const objective = loss === null ? [] : [`loss ${loss.toPrecision(2)}`];
    return [`step ${step} of ${steps}`, ...objective, left(seconds)].join(", ");
  }

  async function showFrame(image, address) {
    const number = Number(address.split("?").pop());
    newest.set(image, number);
    const frame = new Image();
    frame.src = address;
    const loaded = await frame.decode().then(() => true, () => false);
    if (!loaded || newest.get(image) !== number) return;
    image.classList.remove("live-waiting");
    // A source would hold its place; a pair that is painted once more has some.
    for (const source of image.parentElement.querySelectorAll(":scope > source")) source.remove();
    image.removeAttribute("srcset");
    image.src = address;
  }

  function progress(told) {
    say(`Painting ${told.position} of ${told.total}: ${told.pair}`);
    for (const image of told.still ? imagesOf(told.still) : []) {
      image.closest("figure")?.classList.add("live-unfinished");
      tell(image, words(told), told.work);
      if (told.frame) showFrame(image, told.frame);
    }
  }

  /** The figure as it is now, from the page as it is now; the rest of the page stays as its reader left it. */
  async function painted(told) {
    say(`Painted: ${told.pair}`);
    const there = told.still ? imagesOf(told.still) : [];
    if (!there.length) {
      version = told.version;
      return;
    }
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const path = new URL(`/${told.still}`, location.href).pathname;
    const others = [...page.querySelectorAll("img[src]")].filter(
      (image) => new URL(image.getAttribute("src"), location.href).pathname === path,
    );
    if (others.length !== there.length) {
      again();
      return;
    }
    there.forEach((image, index) => {
      const part = (one) => one.closest("figure.pair") ?? one.closest("picture") ?? one;
      const [before, now] = [part(image), document.importNode(part(others[index]), true)];
      newest.delete(image);
      const recipe = before.querySelector("details")?.open;
      if (recipe) now.querySelector("details")?.setAttribute("open", "");
      before.replaceWith(now);
      collect(now.parentElement);
      now.dispatchEvent(new Event("gallery:added", { bubbles: true }));
    });
    version = told.version;
  }

  // Nothing to play where nothing is painted: theme's scripts do not hear of such clicks.
  addEventListener(
    "click",
    (event) => {
      if (event.target.closest?.(".live-unfinished .swap, .live-unfinished .tool")) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    },
    true,
  );

  /* -------------------------------------------------------------------------------------------- loading it anew */

  function again() {
    sessionStorage.setItem(LEFT, JSON.stringify([location.pathname, scrollX, scrollY]));
    location.reload();
  }

  function restore() {
    const kept = sessionStorage.getItem(LEFT);
    sessionStorage.removeItem(LEFT);
    const [path, x, y] = JSON.parse(kept ?? "[]");
    if (path === location.pathname) scrollTo({ left: x, top: y, behavior: "instant" });
  }

  /** Other pages may have changed and this one not. */
  function concerns(files) {
    const path = decodeURIComponent(location.pathname.slice(1)).replace(/(^|\/)$/, "$1index.html");
    return standsForSite || files.some((file) => file === path || !/\.(html|xml)$/.test(file));
  }

  /* ---------------------------------------------------------------------------------------------- what is heard */

  collect(document);
  restore();

  const heard = {
    hello(told) {
      if (told.version !== version) {
        again();
        return;
      }
      say("");
      showProblems(told.problems);
      const waiting = told.paints ? "waiting to be painted" : "not painted yet, and serve --no-paint paints nothing";
      for (const { still } of told.waiting) wait(still, waiting);
      if (told.progress) progress(told.progress);
    },
    reload(told) {
      if (concerns(told.files)) again();
      else version = told.version;
    },
    progress,
    painted,
    failed(told) {
      say("");
      if (told.still) wait(told.still, "could not be painted");
    },
    problems(told) {
      if (standsForSite) again();
      showProblems(told.problems);
    },
    mended() {
      if (standsForSite) again();
      showProblems([]);
    },
    idle() {
      say("");
    },
  };

  const stream = new EventSource("/_live/events");
  for (const [name, act] of Object.entries(heard)) {
    stream.addEventListener(name, (event) => act(JSON.parse(event.data)));
  }
  stream.addEventListener("error", () => say("neural-gallery serve has stopped"));
  addEventListener("pagehide", () => stream.close());
})();
