// A table played by hand: looked at again every second, and drawn anew when something has happened there.
"use strict";

(() => {
  const here = () => document.getElementById("play");
  const mark = (place) => place.dataset.n + "/" + place.dataset.state + "/" + place.querySelector("h1").textContent;

  async function look() {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("play");
      if (fresh && mark(fresh) !== mark(here())) here().replaceWith(document.adoptNode(fresh));
    } catch {
      // the network is away; the next look brings it
    }
  }

  setInterval(() => {
    if (!document.hidden) look();
  }, 1000);
})();
