/** An answer that comes, or fails, when a test lets it. */
export interface Later<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: Error): void;
}

export function later<Value>(): Later<Value> {
  const made = {} as { -readonly [name in keyof Later<Value>]: Later<Value>[name] };
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
