/**
 * The lifecycle of a table of BigQuery without a key of its own. If its dataset or its project has a default key, the table gets it, and
 * without this the next plan would replace the table.
 * @see https://github.com/hashicorp/terraform-provider-google/issues/10518
 */
export const KEY_OF_DATASET = { ignoreChanges: ['encryption_configuration'] };
