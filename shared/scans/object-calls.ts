/** What is asked of the client library's API for objects of any kind: the bundles hold no other of its calls. */
export const OBJECT_CALLS = [
  'createClusterCustomObject',
  'getAPIResources',
  'getNamespacedCustomObject',
  'listCustomObjectForAllNamespaces',
  'listNamespacedCustomObject',
  'patchNamespacedCustomObjectStatus',
] as const;
