/* 中文：各页共用的短语。 */

export const list = (names) => (names.length > 4 ? `${names.slice(0, 4).join("、")} 等 ${names.length} 个车位` : names.join("、"));
