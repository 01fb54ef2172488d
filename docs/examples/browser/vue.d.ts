/** What the recipe uses of Vue 3, which is not installed here; an application has Vue's own types. */
declare module "vue" {
  export interface ShallowRef<Value> {
    value: Value;
  }
  export function shallowRef<Value>(value: Value): ShallowRef<Value>;
  export function onScopeDispose(dispose: () => void): void;
}
