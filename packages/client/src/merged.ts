/** Return an object with some values changed: the same object when they are what they were. */
export function merged<Value extends object>(value: Value, changes: Partial<Value>): Value {
  const names = Object.keys(changes) as (keyof Value)[];
  return names.every((name) => value[name] === changes[name]) ? value : { ...value, ...changes };
}
