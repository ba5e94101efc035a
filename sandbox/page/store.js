// The state of the workspace as the sandbox tells it, kept fresh by its event stream.
import { read } from "./api.js";

const QUIET_MS = 100;
const RETRY_MS = 2000;
const PULSE_MS = 3000;

/** -> {state, online, subscribe(fn), refresh(), listen()}; `state` is null until the first answer. */
export function createStore() {
  const listeners = new Set();
  const store = { state: null, online: true, subscribe, refresh, listen };
  let timer = null;
  let running = false;
  let again = false;

  function subscribe(listener) {
    listeners.add(listener);
  }

  function announce() {
    for (const listener of listeners) listener(store);
  }

  function setOnline(online) {
    if (store.online === online) return;
    store.online = online;
    announce();
  }

  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    const answer = await read("state");
    running = false;
    if (Array.isArray(answer.channels)) {
      store.state = answer;
      store.online = true;
      announce();
    } else {
      setOnline(false);
    }
    if (again) {
      again = false;
      schedule();
    }
  }

  function schedule() {
    timer ??= setTimeout(() => {
      timer = null;
      refresh();
    }, QUIET_MS);
  }

  function listen() {
    const events = new EventSource("/_sandbox/events");
    events.onopen = refresh;
    events.onmessage = schedule;
    events.onerror = () => {
      setOnline(false);
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
    };
  }

  /** Whether an app is connected changes without an event. */
  async function feelPulse() {
    if (document.visibilityState !== "visible" || !store.state || !store.online) return;
    const { sockets } = await read("health");
    if (sockets === undefined || sockets === store.state.sockets) return;
    store.state = { ...store.state, sockets };
    announce();
  }

  setInterval(feelPulse, PULSE_MS);
  return store;
}
