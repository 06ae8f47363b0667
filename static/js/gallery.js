/*
 * A click on a painted picture plays how it was painted; another click, or Escape, brings the still back. Two small
 * buttons on it compare it with its photograph, by a slider, and show it as large as the window, where arrow keys lead
 * to the page's other pictures.
 *
 * Without this script every result is a link that opens its animation. The script makes it a toggle button.
 * It expects, anywhere in a figure.pair:
 *
 *   <a class="swap" href="x-5fps.gif">
 *     <picture><source …><img src="x.png" data-alt="x-5fps.gif" data-avif="x-5fps.avif" data-mp4="x-5fps.mp4" data-webp="x-5fps.webp" alt="…"></picture>
 *   </a>
 *
 * Nothing is fetched before the first click. A picture without data-alt is left alone.
 */
(() => {
  "use strict";

  // A site in another language gives its own words on the script's tag: <script data-play="…" data-failed="…" …>.
  const words = {
    play: "Play how it was painted",
    failed: "The animation could not be loaded",
    compare: "Compare with the photograph",
    slider: "How much of the photograph is shown",
    enlarge: "Show large",
    previous: "Previous picture",
    next: "Next picture",
    close: "Close",
    ...document.currentScript?.dataset,
  };

  /** The least width and height, in pixels, of a result on which buttons leave something to click on. */
  const LEAST_ROOM = 120;

  /** The formats that an animation may have beside its GIF, and what plays them. */
  const players = { avif: loadImage, webp: loadImage, mp4: loadVideo };

  /** The one swap that is loading or playing. */
  let active = null;

  class Swap {
    #image;
    #button;
    #message;
    #animations; // as [format, address], the lighter file first; once one has loaded, that one alone
    #plays = 0;
    #still = new Image(); // a second hold on the still: it comes back at once, even where it must not be cached
    #loader = null; // while loading: the image or video, outside the page, that fetches the animation
    #restore = null; // while playing: the function that brings the still back

    constructor(link, image) {
      this.#image = image;
      // Still and animation are both decoded before they change places, so neither has to blink in.
      image.decoding = "sync";
      // The page names the lightest first; those in a format that the browser does not know fail, and the next is tried.
      const lighter = Object.keys(image.dataset).filter((name) => name in players);
      this.#animations = [...lighter, "alt"].map((name) => [name, image.dataset[name]]);

      this.#button = document.createElement("button");
      this.#button.type = "button";
      this.#button.className = link.className;
      this.#button.setAttribute("aria-pressed", "false");
      this.#button.setAttribute("aria-label", image.alt ? `${words.play}: ${image.alt}` : words.play);
      this.#button.addEventListener("click", () => this.#toggle());

      // A live region speaks only when its text changes after it came into the page, and not from inside a button.
      this.#message = document.createElement("span");
      this.#message.className = "swap-message";
      this.#message.setAttribute("role", "status");

      this.#takePlaceOf(link);
    }

    stop() {
      active = null;
      if (this.#loader) {
        giveUp(this.#loader);
        this.#endLoading();
      }
      this.#restore?.();
      this.#restore = null;
      this.#button.setAttribute("aria-pressed", "false");
    }

    #takePlaceOf(link) {
      const focused = document.activeElement === link;
      const frame = document.createElement("span");
      frame.className = "swap-frame";
      frame.append(this.#button, this.#message, ...toolsFor(this.#image, frame));
      this.#button.append(...link.childNodes);
      link.replaceWith(frame);
      if (focused) this.#button.focus({ preventScroll: true });
    }

    #toggle() {
      if (active === this) {
        this.stop();
      } else {
        active?.stop();
        active = this;
        this.#play();
      }
    }

    async #play() {
      this.#plays += 1;
      this.#message.textContent = "";
      this.#button.setAttribute("aria-busy", "true");

      for (const [format, address] of this.#animations) {
        // Firefox keeps one clock for each address, and would go on where the last play stopped. With another
        // fragment it begins anew, from the same cached file.
        const again = this.#plays > 1 && format !== "mp4" ? `#${this.#plays}` : "";
        const [loader, loading] = (players[format] ?? loadImage)(address + again);
        this.#loader = loader;
        const loaded = await loading.then(() => true, () => false);
        if (this.#loader !== loader) return; // stopped meanwhile
        if (loaded) {
          this.#animations = [[format, address]];
          this.#endLoading();
          if (format === "mp4") this.#lay(loader);
          else this.#show(loader.src);
          return;
        }
        giveUp(loader);
      }
      this.stop();
      this.#message.textContent = words.failed;
    }

    #endLoading() {
      this.#loader = null;
      this.#button.removeAttribute("aria-busy");
    }

    /** A video lies on the still, which stays where it is. */
    #lay(video) {
      this.#button.append(video);
      this.#button.setAttribute("aria-pressed", "true");
      this.#restore = () => {
        video.remove();
        giveUp(video);
      };
    }

    #show(address) {
      const image = this.#image;
      const sources = [...image.parentElement.querySelectorAll(":scope > source")];
      const kept = ["srcset", "sizes", "src"]
        .filter((name) => image.hasAttribute(name))
        .map((name) => [name, image.getAttribute(name)]);

      this.#still.src = image.currentSrc;
      image.src = address;
      image.removeAttribute("srcset");
      image.removeAttribute("sizes");
      for (const source of sources) source.remove();
      this.#button.setAttribute("aria-pressed", "true");

      this.#restore = () => {
        image.before(...sources);
        for (const [name, value] of kept) image.setAttribute(name, value);
      };
    }
  }

  /** An image that is being fetched, and the promise that it can be shown. */
  function loadImage(address) {
    const image = new Image();
    image.src = address;
    return [image, image.decode()];
  }

  /** The same for a video, which plays by then. Nothing is fetched where the browser does not know its format. */
  function loadVideo(address) {
    const video = document.createElement("video");
    if (!video.canPlayType('video/mp4; codecs="avc1.640028"')) return [video, Promise.reject()];
    video.muted = true;
    video.loop = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    video.setAttribute("aria-hidden", "true"); // the button has the name
    video.src = address;
    return [video, video.play()];
  }

  /** Ends the download of an animation. */
  function giveUp(loader) {
    loader.removeAttribute("src");
    if (loader instanceof HTMLVideoElement) loader.load();
  }

  /** A small round button. `detail` tells it from others of its kind on the page. */
  function tool(name, detail, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `tool ${name}`;
    button.title = words[name];
    button.setAttribute("aria-label", detail ? `${words[name]}: ${detail}` : words[name]);
    button.addEventListener("click", act);
    return button;
  }

  /** The buttons on a result, if it has room for them. They lie on it, so that nothing moves when they appear. */
  function toolsFor(image, frame) {
    if (Math.min(image.getAttribute("width"), image.getAttribute("height")) < LEAST_ROOM) return [];
    const tools = document.createElement("span");
    tools.className = "tools";
    const source = image.closest("figure.pair").querySelector("img.source");
    if (source && comparable(source, image)) {
      const comparison = new Comparison(source, frame);
      const button = tool("compare", image.alt, () => {
        button.setAttribute("aria-pressed", String(comparison.toggle()));
      });
      button.setAttribute("aria-pressed", "false");
      tools.append(button);
    }
    tools.append(tool("enlarge", image.alt, () => viewer().open(image)));
    return [tools];
  }

  /** Whether two pictures have one shape: only then does one lie on the other. */
  function comparable(one, other) {
    const shapes = [one, other].map((image) => image.getAttribute("width") / image.getAttribute("height"));
    return Math.abs(shapes[0] / shapes[1] - 1) < 0.01;
  }

  /** A copy of an image with all its sources, to be shown somewhere else. */
  function copyOf(image, sizes) {
    const picture = (image.closest("picture") ?? image).cloneNode(true);
    const copy = picture.matches("img") ? picture : picture.querySelector("img");
    copy.removeAttribute("class");
    copy.loading = "eager";
    for (const element of [copy, ...picture.querySelectorAll("source")]) {
      if (element.hasAttribute("sizes")) element.setAttribute("sizes", sizes);
    }
    return picture;
  }

  /** The photograph over its painting, as far as a slider says. */
  class Comparison {
    #source;
    #frame;
    #shown = null;

    constructor(source, frame) {
      this.#source = source;
      this.#frame = frame;
    }

    toggle() {
      if (this.#shown) {
        this.#shown.remove();
        this.#shown = null;
        return false;
      }
      active?.stop();
      const slider = document.createElement("input");
      slider.type = "range";
      slider.value = "50";
      slider.setAttribute("aria-label", words.slider);
      const shown = document.createElement("span");
      shown.className = "comparison";
      const move = () => shown.style.setProperty("--shown", `${slider.value}%`);
      slider.addEventListener("input", move);
      move();
      shown.append(copyOf(this.#source, `${this.#source.width}px`), slider);
      shown.querySelector("img").alt = "";
      this.#frame.insertBefore(shown, this.#frame.lastElementChild); // below the buttons
      slider.focus({ preventScroll: true });
      this.#shown = shown;
      return true;
    }
  }

  /** A window full of one picture. */
  class Viewer {
    #dialog = document.createElement("dialog");
    #stage = document.createElement("div");
    #caption = document.createElement("p");
    #images = [];
    #at = 0;

    constructor() {
      this.#dialog.className = "gallery-viewer";
      this.#stage.className = "stage";
      this.#caption.setAttribute("aria-live", "polite");
      this.#dialog.append(
        this.#stage,
        this.#caption,
        tool("previous", "", () => this.#move(-1)),
        tool("next", "", () => this.#move(1)),
        tool("close", "", () => this.#dialog.close()),
      );
      const steps = { ArrowLeft: -1, ArrowRight: 1 };
      this.#dialog.addEventListener("keydown", (event) => {
        if (event.key in steps) this.#move(steps[event.key]);
      });
      this.#dialog.addEventListener("click", (event) => {
        if (event.target === this.#dialog || event.target === this.#stage) this.#dialog.close();
      });
      this.#dialog.addEventListener("close", () => this.#stage.replaceChildren());
      document.body.append(this.#dialog);
    }

    open(image) {
      active?.stop();
      this.#images = pictures(); // figures may have been added
      this.#dialog.showModal();
      this.#show(this.#images.indexOf(image));
    }

    #move(by) {
      this.#show((this.#at + by + this.#images.length) % this.#images.length);
    }

    #show(at) {
      this.#at = at;
      const image = this.#images[at];
      const picture = copyOf(image, "100vw");
      this.#stage.style.setProperty("--width", `${image.getAttribute("width")}px`);
      this.#stage.style.setProperty("--shape", image.getAttribute("width") / image.getAttribute("height"));
      this.#stage.replaceChildren(picture);
      this.#caption.textContent = `${image.alt} (${at + 1}/${this.#images.length})`;
      this.#dialog.setAttribute("aria-label", image.alt);
    }
  }

  let theViewer = null;

  function pictures() {
    const found = [...document.querySelectorAll("figure.pair img, figure.picture img")];
    return found.filter((image) => !image.closest(".waiting")); // no picture of its own
  }

  function viewer() {
    theViewer ??= new Viewer();
    return theViewer;
  }

  function takeUp(root) {
    for (const image of root.querySelectorAll("figure.pair a.swap img[data-alt]")) {
      new Swap(image.closest("a.swap"), image);
    }
  }

  takeUp(document);

  // Whoever adds a figure to the page later says so: its event "gallery:added" rises to here.
  document.addEventListener("gallery:added", (event) => takeUp(event.target.parentElement));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") active?.stop();
  });
})();
