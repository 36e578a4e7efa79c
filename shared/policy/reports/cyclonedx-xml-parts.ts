/** The components and services of a CycloneDX bom in XML, however deep they are inside of each other. */
import type { JsonObject } from '../../conditions/status.ts';
import { type Component, type Components, componentName } from './cyclonedx.ts';
import { childText, eachChild, eachWrapped } from './xml-shape.ts';

/** Visits each component of a wrapper, and those inside of it. */
const eachComponent = (
  parent: JsonObject,
  wrapper: string,
  name: string,
  visit: (component: JsonObject) => void,
): void => {
  eachWrapped(parent, wrapper, name, (component) => {
    visit(component);
    if (component[wrapper] !== undefined) eachComponent(component, wrapper, name, visit);
  });
};

/** All components and services of a bom, its subject first. */
export const eachPart = (bom: JsonObject, visit: (component: JsonObject) => void): void => {
  eachChild(bom, 'metadata', (metadata) => {
    eachChild(metadata, 'component', (subject) => {
      visit(subject);
      eachComponent(subject, 'components', 'component', visit);
    });
  });
  eachComponent(bom, 'components', 'component', visit);
  eachComponent(bom, 'services', 'service', visit);
};

/** A component's name, with its group, and version. */
export const componentOf = (component: JsonObject): Component => ({
  name: componentName(childText(component, 'group'), childText(component, 'name')),
  version: childText(component, 'version'),
});

/** The components by their `bom-ref`. */
export const componentsOf = (bom: JsonObject): Components => {
  const index = new Map<string, Component>();
  eachPart(bom, (component) => {
    const ref = childText(component, '-bom-ref');
    if (ref !== undefined && !index.has(ref)) index.set(ref, componentOf(component));
  });
  return index;
};
