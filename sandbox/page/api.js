// What a person's hand may do at the sandbox. Every call answers {ok, …}; none throws.

const SENTENCES = {
  unreachable: "The sandbox does not answer. Is it still running?",
  not_emulated: "This sandbox cannot do that yet.",
  operation_timeout: "The app did not answer within three seconds (operation_timeout).",
  dispatch_failed: "The app is not connected, so nobody took this (dispatch_failed).",
  no_such_button: "This button is no longer there.",
  not_in_channel: "You are not a member of this channel.",
  message_not_found: "This message is gone.",
  view_not_found: "This dialog is no longer open.",
};

/** A refusal of the sandbox ({error, detail?}) -> one sentence for a person. */
export function sentence({ error, detail }) {
  return SENTENCES[error] ?? detail ?? `That did not work (${error || "unknown error"}).`;
}

async function answer(response) {
  if (response.status === 404) return { ok: false, error: "not_emulated" };
  try {
    const body = await response.json();
    return typeof body === "object" && body !== null ? body : { ok: false, error: `status ${response.status}` };
  } catch {
    return { ok: false, error: `status ${response.status}` };
  }
}

async function request(path, options) {
  try {
    return await answer(await fetch(path, options));
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

/** POST /_sandbox/<action> with a JSON body -> the answer, or {ok: false, error}. */
export function post(action, body) {
  return request(`/_sandbox/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** GET /_sandbox/<name> -> the answer, or {ok: false, error}. */
export function read(name) {
  return request(`/_sandbox/${name}`, { headers: { Accept: "application/json" } });
}
