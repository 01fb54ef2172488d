import { createConnection } from "@headway-run/client/faces";

/** Follow a run as one follows a socket. Returns how to stop. */
export async function follow(run: string, say: (text: string) => void): Promise<() => void> {
  const connection = createConnection(run, { baseUrl: "/headway" });
  connection.on("progress", ({ data }) => say(`${data.step} of ${data.total_steps}: ${data.message}`));
  connection.on("educational", ({ data }) => say(data.educational_content?.content ?? ""));
  connection.on("complete", ({ data }) => say(`Done: ${JSON.stringify(data.result)}`));
  connection.on("error", ({ data }) => say(data.error ?? ""));
  connection.on("status", ({ state }) => say(state));
  await connection.connect(); // waits for the network, rejects only when it can never be
  return connection.disconnect;
}

/** Through the outbox: resolves with the server's acknowledgement. */
export async function stop(run: string): Promise<unknown> {
  const { connect, disconnect, send } = createConnection(run, { baseUrl: "/headway" });
  await connect();
  return send({ event: "cancel", data: { reason: "enough" } }).finally(disconnect);
}
