/** The smallest reports of CycloneDX in XML, in both shapes: vulnerabilities of the bom, and those of its components. */
import { canariesOf, type Planted } from './canary.ts';

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

/** As Grype wrote it until 2022, and what the older policies are for. */
const extensionCanary = (vulnerabilities: readonly Planted[]): string => {
  const components = vulnerabilities.map(
    ({ id, word, score, component, version }, index) =>
      `<component type="library"><name>${component}</name><version>${version}</version><v:vulnerabilities>` +
      `<v:vulnerability ref="urn:uuid:${index}"><v:id>${id}</v:id><v:ratings><v:rating>` +
      `${score > 0 ? `<v:score><v:base>${score}</v:base></v:score>` : ''}<v:severity>${word}</v:severity>` +
      '</v:rating></v:ratings></v:vulnerability></v:vulnerabilities></component>',
  );
  const namespaces = `xmlns="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0"`;
  return `${HEAD}<bom ${namespaces} version="1"><components>${components.join('')}</components></bom>`;
};

const canary = (vulnerabilities: readonly Planted[]): string => {
  const components = vulnerabilities.map(
    ({ component, version }) =>
      `<component type="library" bom-ref="${component}"><name>${component}</name><version>${version}</version></component>`,
  );
  const entries = vulnerabilities.map(
    ({ id, word, score, component, fixedIn }) =>
      `<vulnerability><id>${id}</id><ratings><rating>${score > 0 ? `<score>${score}</score>` : ''}` +
      `<severity>${word}</severity><method>CVSSv31</method></rating></ratings>` +
      `<recommendation>Upgrade ${component} to version ${fixedIn}</recommendation>` +
      `<affects><target><ref>${component}</ref></target></affects></vulnerability>`,
  );
  return (
    `${HEAD}<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><components>${components.join('')}</components>` +
    `<vulnerabilities>${entries.join('')}</vulnerabilities></bom>`
  );
};

export const CANARIES: readonly string[] = [
  ...canariesOf(['Critical', 'High', 'Medium', 'Low', 'Negligible', 'Unknown', 'UnknownSeverity'], extensionCanary),
  ...canariesOf(['critical', 'high', 'medium', 'low', 'info', 'none', 'unknown'], canary),
];
