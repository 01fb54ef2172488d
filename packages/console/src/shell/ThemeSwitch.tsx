import { useId, useState } from "react";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { applyTheme, storedTheme, storeTheme, THEMES, type Theme } from "./theme.ts";

const SIGNS: Record<Theme, [word: string, icon: IconName]> = {
  system: ["As the system", "system"],
  light: ["Light", "sun"],
  dark: ["Dark", "moon"],
};

/** Three radio buttons that look like one switch. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const name = useId();
  const choose = (wanted: Theme) => {
    setTheme(wanted);
    storeTheme(wanted);
    applyTheme(wanted);
  };
  return (
    <fieldset className="themes">
      <legend className="hw-hidden">Colours</legend>
      {THEMES.map((one) => (
        <label key={one} className="theme" title={SIGNS[one][0]}>
          <input type="radio" name={name} checked={theme === one} onChange={() => choose(one)} />
          <Icon name={SIGNS[one][1]} />
          <span className="hw-hidden">{SIGNS[one][0]}</span>
        </label>
      ))}
    </fieldset>
  );
}
