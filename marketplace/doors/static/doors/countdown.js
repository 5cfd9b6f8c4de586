// Time to the close, by the server's clock: the viewer's own may be wrong.
"use strict";

const walrasClock = (() => {
  const live = JSON.parse(document.getElementById("live").textContent);
  const loaded = performance.getEntriesByType("navigation")[0];
  const received = performance.timeOrigin + (loaded ? loaded.responseStart : performance.now());
  let offset = Date.parse(live.now) - received;

  function left(until) {
    return (Date.parse(until) - (Date.now() + offset)) / 1000;
  }

  function words(seconds) {
    const whole = Math.max(0, Math.ceil(seconds));
    const days = Math.floor(whole / 86400), hours = Math.floor(whole / 3600) % 24;
    const two = (number) => String(number).padStart(2, "0");
    const short = two(Math.floor(whole / 60) % 60) + ":" + two(whole % 60);
    if (days) return days + " d " + two(hours) + " h";
    return hours ? hours + ":" + short : short;
  }

  function correct(serverTime, receivedAt) {
    offset = Date.parse(serverTime) - receivedAt;
  }

  return { left, words, correct, live };
})();

function tickList() {
  for (const time of document.querySelectorAll("[data-countdown]")) {
    const left = walrasClock.left(time.dateTime);
    time.textContent = left > 0 ? "in " + walrasClock.words(left) : "now";
  }
}

if (document.querySelector("[data-countdown]")) {
  tickList();
  setInterval(tickList, 500);
}
