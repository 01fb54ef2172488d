/** The gallery of @headway-run/react, where the console is developed: `/console/gallery/`. It is not built into the app. */

import "../../react/gallery/main.tsx";
