type Attributes = Record<string, string | boolean>;

/** An element with attributes and children. Strings become text nodes, never markup; false leaves an attribute out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes?: Attributes,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K];
export function element(name: string, attributes?: Attributes, ...children: (Node | string)[]): HTMLElement;
export function element(
  name: string,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/** The same for a part of an SVG picture. */
export function svgElement(name: string, attributes: Attributes = {}, ...children: Node[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  setAttributes(made, attributes);
  made.append(...children);
  return made as SVGElement;
}

function setAttributes(made: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(name, value === true ? '' : value);
  }
}
