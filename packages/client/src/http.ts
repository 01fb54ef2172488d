/** Requests: headers, token, and errors in the words of this package. */

import type { Environment } from "./environment.ts";
import { errorFrom, errorOf, HeadwayError } from "./errors.ts";

/** @returns A bearer token, or null to send none. `refresh`: the last one was refused; get a new one. */
export type GetToken = (how: { refresh: boolean }) => string | null | Promise<string | null>;

export interface HttpOptions {
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Asked before every request; it is called with `refresh` once when the server says 401. */
  getToken?: GetToken | undefined;
}

export interface Call {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

/** Sends requests with the application's identity. */
export class Http {
  readonly environment: Environment;
  readonly #options: HttpOptions;
  #refresh = false;

  constructor(environment: Environment, options: HttpOptions) {
    this.environment = environment;
    this.#options = options;
  }

  /** Get a new token for the next request. */
  refreshToken(): void {
    this.#refresh = true;
  }

  /**
   * Send a request; 304 counts as success.
   *
   * @throws HeadwayError
   */
  async request(url: string, call: Call = {}): Promise<Response> {
    const refreshed = this.#refresh;
    const response = await this.#send(url, call);
    if (response.status === 401 && this.#options.getToken && !refreshed) {
      this.refreshToken();
      return this.#checked(await this.#send(url, call));
    }
    return this.#checked(response);
  }

  /**
   * Send a request and read its JSON.
   *
   * @throws HeadwayError
   */
  async json<Value>(url: string, call: Call = {}): Promise<Value> {
    return readJson<Value>(await this.request(url, call));
  }

  async #checked(response: Response): Promise<Response> {
    if (response.ok || response.status === 304) return response;
    throw await errorOf(response, this.environment.now());
  }

  async #send(url: string, { method = "GET", headers, body, signal }: Call): Promise<Response> {
    const init: RequestInit = { method, cache: "no-store" };
    if (signal) init.signal = signal;
    const sent: Record<string, string> = { ...this.#options.headers, ...headers };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      sent["Content-Type"] = "application/json";
    }
    try {
      return await this.environment.fetch(url, { ...init, headers: { ...sent, ...(await this.#bearer()) } });
    } catch (error) {
      throw errorFrom(error);
    }
  }

  async #bearer(): Promise<Record<string, string>> {
    const refresh = this.#refresh;
    this.#refresh = false;
    const token = await this.#options.getToken?.({ refresh });
    return token ? { Authorization: `Bearer ${token}` } : {};
  }
}

/**
 * Read the JSON of an answer.
 *
 * @throws HeadwayError `protocol` when it is something else, `network` when it breaks off.
 */
export async function readJson<Value>(response: Response): Promise<Value> {
  try {
    return (await response.json()) as Value;
  } catch (error) {
    if (error instanceof SyntaxError) throw new HeadwayError("protocol", undefined, { cause: error });
    throw errorFrom(error);
  }
}
