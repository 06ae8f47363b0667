/*
 * A click on a painted picture plays how it was painted; another click, or Escape, brings the still back.
 *
 * Without this script every result is a link that opens its animation. The script makes it a toggle button.
 * It expects, anywhere in a figure.pair:
 *
 *   <a class="swap" href="x-5fps.gif">
 *     <picture><source …><img src="x.png" data-alt="x-5fps.gif" data-avif="x-5fps.avif" data-webp="x-5fps.webp" alt="…"></picture>
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
    ...document.currentScript?.dataset,
  };

  /** The one swap that is loading or playing. */
  let active = null;

  class Swap {
    #image;
    #button;
    #message;
    #addresses; // of the animation, the lighter file first; once one has loaded, that one alone
    #plays = 0;
    #still = new Image(); // a second hold on the still: it comes back at once, even where it must not be cached
    #loader = null; // while loading: the Image, outside the page, that fetches the animation
    #restore = null; // while playing: the function that brings the still back

    constructor(link, image) {
      this.#image = image;
      // Still and animation are both decoded before they change places, so neither has to blink in.
      image.decoding = "sync";
      // The page names the lightest first; those in a format that the browser does not know fail, and the next is tried.
      const lighter = Object.keys(image.dataset).filter((name) => name === "avif" || name === "webp");
      this.#addresses = [...lighter, "alt"].map((name) => image.dataset[name]);

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
        this.#loader.removeAttribute("src"); // gives up the download
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
      frame.append(this.#button, this.#message);
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
      const loader = new Image();
      this.#loader = loader;
      this.#plays += 1;
      this.#message.textContent = "";
      this.#button.setAttribute("aria-busy", "true");

      for (const address of this.#addresses) {
        // Firefox keeps one clock for each address, and would go on where the last play stopped. With another
        // fragment it begins anew, from the same cached file.
        loader.src = this.#plays > 1 ? `${address}#${this.#plays}` : address;
        const loaded = await loader.decode().then(() => true, () => false);
        if (this.#loader !== loader) return; // stopped meanwhile
        if (loaded) {
          this.#addresses = [address];
          this.#endLoading();
          this.#show(loader.src);
          return;
        }
      }
      this.stop();
      this.#message.textContent = words.failed;
    }

    #endLoading() {
      this.#loader = null;
      this.#button.removeAttribute("aria-busy");
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

  for (const image of document.querySelectorAll("figure.pair a.swap img[data-alt]")) {
    new Swap(image.closest("a.swap"), image);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") active?.stop();
  });
})();
