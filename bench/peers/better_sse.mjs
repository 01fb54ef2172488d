// better-sse on Node's own HTTP server: `node better_sse.mjs PORT`. GET becomes a viewer, the body of a POST an event.

import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";

const channel = createChannel();

const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    channel.register(await createSession(request, response));
    return;
  }
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  channel.broadcast(JSON.parse(Buffer.concat(pieces)));
  response.writeHead(202).end();
});

server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
