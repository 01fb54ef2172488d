import { type IncomingMessage, request } from "node:http";
import { Readable } from "node:stream";

/** `fetch` over Node's sockets: the one of the simulated browser does not stream. */
export function nodeFetch(url: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers, body, signal } = init;
    const sent = request(url, { method, headers: headers as Record<string, string> }, (answer) => {
      signal?.addEventListener("abort", () => answer.destroy(signal.reason));
      resolve(responseOf(answer));
    });
    signal?.addEventListener("abort", () => {
      sent.destroy();
      reject(signal.reason);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function responseOf(answer: IncomingMessage): Response {
  const status = answer.statusCode ?? 0;
  const text = async () => Buffer.concat(await answer.toArray()).toString();
  return {
    ...{ status, ok: status >= 200 && status < 300, headers: new Headers(answer.headers as Record<string, string>) },
    body: Readable.toWeb(answer),
    text,
    json: async () => JSON.parse(await text()),
  } as unknown as Response;
}
