/** Return what nobody else makes up; works where `crypto.randomUUID` does not: on plain `http://` addresses. */
export function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
