// One market, live: the public stream by websocket, resumed by number, so that nothing is missed or told twice.
"use strict";

(() => {
  const live = walrasClock.live;
  const byId = (id) => document.getElementById(id);
  const article = document.querySelector("article.market");
  let after = live.after;
  let phase = live.phase;

  // --- words; the tables come from the server, `variant` mirrors doors/pages/words.py ---

  const shown = (value) => (Number.isInteger(value) ? value.toLocaleString("en-GB") : String(value));

  function variant(kind, data) {
    if (kind === "market.joined") return data.participants === 1 ? "/one" : "/many";
    if (kind !== "round.cleared") return data.early ? "/early" : "";
    if (data.status !== "cleared") return "/" + data.status;
    return ["/whole", "/one"][Object.keys(data.prices_text).length] ?? "/many";
  }

  function sentence(kind, data) {
    const facts = { ...data };
    const lots = kind === "round.cleared" ? Object.keys(data.prices_text) : [];
    if (lots.length === 1) {
      facts.price = data.prices_text[lots[0]];
      facts.quantity = data.traded[lots[0]] ?? 0;
    }
    const template = live.events[kind + variant(kind, data)];
    if (!template) return kind.replaceAll(".", " ");
    return template.replace(/\{(\w+)\}/g, (_, name) => shown(facts[name]));
  }

  // --- what an event changes ---

  const PHASE_AFTER = {
    "market.opened": "open",
    "market.closed": "closed",
    "round.cleared": "cleared",
    "round.failed": "failed",
    "market.settled": "settled",
    "market.cancelled": "cancelled",
  };

  function enter(name, note) {
    phase = name;
    const words = live.phases[name];
    article.dataset.phase = name;
    byId("phase").textContent = words.label;
    byId("phase-words").textContent = note ? note + " " + words.words : words.words;
    document.querySelectorAll(".steps li").forEach((item, index) => {
      item.className = index < words.step ? "done" : index === words.step ? "here" : "";
      if (index === words.step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    tick();
  }

  function count(participants) {
    for (const place of document.querySelectorAll("[data-participants]")) place.textContent = shown(participants);
    for (const place of document.querySelectorAll("[data-agents]")) {
      place.textContent = (participants === 1 ? "agent" : "agents") + (phase === "open" ? " so far" : "");
    }
  }

  function tell(event) {
    const list = byId("events");
    const old = event.kind === "market.joined" && list.querySelector('[data-kind="market.joined"]');
    const item = old || document.createElement("li");
    item.dataset.kind = event.kind;
    const time = document.createElement("time");
    time.dateTime = event.at;
    time.textContent = event.at.slice(11, 19);
    const words = document.createElement("span");
    words.textContent = sentence(event.kind, event.data);
    item.replaceChildren(time, words);
    list.prepend(item);
  }

  function apply(event) {
    if (event.kind === "market.joined") count(event.data.participants);
    if (event.kind === "market.extended") live.closes_at = event.data.closes_at;
    const next = PHASE_AFTER[event.kind];
    if (next) enter(next, next === "cleared" || next === "cancelled" ? sentence(event.kind, event.data) : "");
    if (next && next !== "settled") refresh();
    tell(event);
  }

  // --- the outcome, drawn by the server ---

  let wanted = 0;

  async function refresh() {
    const mine = ++wanted;
    for (let tries = 0; tries < 5 && mine === wanted; tries++) {
      try {
        const answer = await fetch("/markets/" + encodeURIComponent(live.ref) + "/outcome/", { cache: "no-cache" });
        if (answer.ok) {
          const html = await answer.text();
          if (mine === wanted) byId("outcome").innerHTML = html;
          return;
        }
      } catch {
        // the network is away; the next try, or the reconnect, brings it
      }
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
    }
  }

  // --- the connection ---

  const LONGEST_WAIT = 30;
  let socket = null, failures = 0, timer = 0, retryAt = 0, lastHeard = 0, gone = false;

  function connect() {
    clearTimeout(timer);
    retryAt = 0;
    if (socket) {
      socket.onclose = null;
      socket.close();
    }
    const scheme = location.protocol === "https:" ? "wss://" : "ws://";
    const path = "/ws/v1/markets/" + encodeURIComponent(live.ref) + "/?after=" + after;
    const opened = (socket = new WebSocket(scheme + location.host + path));
    opened.onopen = () => {
      lastHeard = Date.now();
      opened.send('{"type":"ping"}'); // the banner goes when the server answers, not when a proxy does
    };
    opened.onmessage = (message) => {
      if (socket === opened) hear(JSON.parse(message.data));
    };
    opened.onclose = (close) => {
      if (socket === opened) lost(close.code);
    };
  }

  function hear(frame) {
    lastHeard = Date.now();
    if (failures) {
      failures = 0;
      refresh();
    }
    byId("banner").hidden = true;
    if (frame.type !== "event" || frame.seq <= after) return;
    if (frame.seq !== after + 1) return socket.close(4000); // a gap: resume by number
    after = frame.seq;
    apply(frame);
  }

  function lost(code) {
    gone = code === 4404;
    if (gone) return banner();
    const wait = Math.min(LONGEST_WAIT, 0.5 * 2 ** failures++) * (0.75 + Math.random() / 2);
    retryAt = Date.now() + 1000 * wait;
    timer = setTimeout(connect, 1000 * wait);
    banner();
  }

  function banner() {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    byId("banner-words").textContent = gone
      ? "This market is not there any more."
      : "The connection is lost; what you see may be old. Trying again in " + seconds + " s.";
    byId("again").hidden = gone;
    if (failures > 1 || gone) byId("banner").hidden = false;
  }

  byId("again").addEventListener("click", connect);
  addEventListener("online", () => retryAt && connect());
  document.addEventListener("visibilitychange", () => document.hidden || (retryAt && connect()));
  setInterval(() => {
    if (!socket || socket.readyState !== WebSocket.OPEN) return;
    if (Date.now() - lastHeard > 40000) socket.close(4000);
    else if (Date.now() - lastHeard > 20000) socket.send('{"type":"ping"}');
  }, 5000);

  // --- the clock ---

  function tick() {
    const clock = byId("clock");
    const left = walrasClock.left(live.closes_at);
    const running = phase === "open";
    byId("clock-label").textContent = running ? (left > 0 ? "Closes in" : "Closing") : phase === "cancelled" ? "Was to close" : "Closed at";
    clock.textContent = running ? walrasClock.words(left) : live.closes_at.slice(11, 19) + " UTC";
    clock.classList.toggle("soon", running && left < 10);
    if (retryAt) banner();
  }

  byId("still").hidden = true;
  tick();
  setInterval(tick, 250);
  connect();
})();
