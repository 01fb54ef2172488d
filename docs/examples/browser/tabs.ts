// --8<-- [start:many]
import { Headway } from "@headway-run/client";
import { many } from "@headway-run/client/many";

export const inOnePage: Headway = new Headway({ baseUrl: "/headway", stream: many() });
// --8<-- [end:many]

// --8<-- [start:share]
import { share } from "@headway-run/client/share";

export function inAllTabs(user: { id: string }): Headway {
  return new Headway({ baseUrl: "/headway", stream: share({ name: user.id }) });
}
// --8<-- [end:share]
