/** Requests: headers, token, and errors in the words of this package. */

import type { Environment } from "./environment.ts";
import { errorFrom, errorOf } from "./errors.ts";
import type { Note } from "./note.ts";

const JSON_TYPE = "application/json";

/** @returns A bearer token, or null to send none. `refresh`: the last one was refused; get a new one. */
export type GetToken = (how: { refresh: boolean }) => string | null | Promise<string | null>;

export interface HttpOptions {
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Asked before every request; it is called with `refresh` once when the server says 401. */
  getToken?: GetToken | undefined;
  /** Told of everything that happens to the connections, for metrics and logs. It must not throw. */
  observe?: ((note: Note) => void) | undefined;
}

export interface Call {
  headers?: Record<string, string>;
  /** Sent as JSON, by POST. */
  body?: object;
  /** Another method than GET, or POST with a body. */
  method?: string;
  signal?: AbortSignal;
}

/** Sends requests with the application's identity. Whatever goes wrong is thrown as `HeadwayError`. */
export interface Http {
  readonly environment: Environment;
  readonly observe?: HttpOptions["observe"];
  /** Get a new token for the next request. */
  refreshToken(): void;
  /** Send a request. */
  request(url: string, call: Call): Promise<Response>;
  /** Send a request and read the JSON of its answer. */
  json<Value>(url: string, call?: Call): Promise<Value>;
}

export function createHttp(environment: Environment, options: HttpOptions): Http {
  let refresh = false;

  const send = async (
    url: string,
    how: { refresh: boolean },
    { body, headers, method = body && "POST", signal }: Call,
  ): Promise<Response> => {
    const token = await options.getToken?.(how);
    const sent = {
      Accept: JSON_TYPE,
      ...options.headers,
      ...headers,
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && { "Content-Type": JSON_TYPE }),
    };
    const init = { cache: "no-store", headers: sent, signal, method, body: JSON.stringify(body) };
    return environment.fetch(url, init as RequestInit);
  };

  const request = async (url: string, call: Call): Promise<Response> => {
    const how = { refresh };
    refresh = false;
    const response = await send(url, how, call).catch(rethrow);
    call.signal?.throwIfAborted();
    if (response.ok) return response;
    if (response.status !== 401 || how.refresh || !options.getToken) throw await errorOf(response);
    refresh = true;
    return request(url, call);
  };

  return {
    environment,
    request,

    refreshToken() {
      refresh = true;
    },

    async json<Value>(url: string, call: Call = {}) {
      const value: Value = await (await request(url, call)).json().catch(rethrow);
      call.signal?.throwIfAborted();
      return value;
    },
  };
}

function rethrow(error: unknown): never {
  throw errorFrom(error);
}
