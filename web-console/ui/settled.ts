/** What is typed, once nobody has typed for a moment: so that a search is asked for each word and not for each letter. */
import { useEffect, useState } from "react";

const typingMs = 150;

/** Without the spaces around it. An empty text counts at once. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text.trim());
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text.trim()), text === "" ? 0 : typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
