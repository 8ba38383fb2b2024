/* The two calls of the driver's page: its address holds the token that opens them. */

const PATH = `/api/car/${location.pathname.split("/").at(-1)}`;

class Refused extends Error {
  constructor({ detail, mend, status }) {
    super([detail, mend].filter(Boolean).join(" · "));
    this.status = status;
  }
}

async function answer(response) {
  if (response.ok) return response.status === 204 ? null : response.json();
  throw new Refused(await response.json());
}

export const ask = async () => answer(await fetch(PATH, { cache: "no-store" }));

export const send = async (wishes) =>
  answer(await fetch(`${PATH}/wishes`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(wishes) }));
