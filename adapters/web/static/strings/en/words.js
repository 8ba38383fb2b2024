/* English: phrases that sentences on several pages are made of. */

export const cars = (n) => (n === 1 ? "1 car" : `${n} cars`);
export const list = (names) => (names.length > 4 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", "));
