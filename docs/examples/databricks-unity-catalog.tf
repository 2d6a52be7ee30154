# What the provider databricks/databricks adds to the workspace. The variables are outputs of the stack of the workspace.
terraform {
  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "~> 1.86"
    }
  }
}

variable "workspace_url" { type = string }
variable "connector_id" { type = string }
variable "identity_id" { type = string }
variable "raw_path" { type = string }
variable "curated_path" { type = string }
variable "served_path" { type = string }

variable "notebook" {
  description = "The notebook that turns raw files into tables: its path in the workspace."
  type        = string
}

variable "readers" {
  description = "The group of the account whose members may query the served tables."
  type        = string
}

# Signs in as you do with az login, or as the identity of a build. Keys and tokens of the workspace are not needed.
provider "databricks" {
  host = var.workspace_url
}

resource "databricks_storage_credential" "lake" {
  name = "lake"
  azure_managed_identity {
    access_connector_id = var.connector_id
    managed_identity_id = var.identity_id
  }
}

# File events would need roles on queues and on Event Grid.
resource "databricks_external_location" "raw" {
  name               = "raw"
  url                = var.raw_path
  credential_name    = databricks_storage_credential.lake.name
  read_only          = true
  enable_file_events = false
}

resource "databricks_external_location" "curated" {
  name               = "curated"
  url                = var.curated_path
  credential_name    = databricks_storage_credential.lake.name
  enable_file_events = false
}

resource "databricks_external_location" "served" {
  name               = "served"
  url                = var.served_path
  credential_name    = databricks_storage_credential.lake.name
  enable_file_events = false
}

resource "databricks_catalog" "lake" {
  name           = "lake"
  storage_root   = "${databricks_external_location.curated.url}catalog"
  isolation_mode = "ISOLATED"
}

resource "databricks_schema" "curated" {
  catalog_name = databricks_catalog.lake.name
  name         = "curated"
}

resource "databricks_schema" "served" {
  catalog_name = databricks_catalog.lake.name
  name         = "served"
  storage_root = "${databricks_external_location.served.url}tables"
}

resource "databricks_grants" "catalog" {
  catalog = databricks_catalog.lake.name
  grant {
    principal  = var.readers
    privileges = ["USE_CATALOG"]
  }
}

resource "databricks_grants" "served" {
  schema = databricks_schema.served.id
  grant {
    principal  = var.readers
    privileges = ["USE_SCHEMA", "SELECT"]
  }
}

# Serverless: no machines of yours, and no size to choose. A file that arrives starts the job, and so does nothing else.
resource "databricks_job" "curate" {
  name                = "curate"
  max_concurrent_runs = 1
  timeout_seconds     = 7200
  trigger {
    file_arrival {
      url                               = databricks_external_location.raw.url
      wait_after_last_change_seconds    = 120
      min_time_between_triggers_seconds = 600
    }
  }
  task {
    task_key    = "curate"
    max_retries = 2
    notebook_task {
      notebook_path = var.notebook
      base_parameters = {
        raw     = databricks_external_location.raw.url
        curated = databricks_schema.curated.id
        served  = databricks_schema.served.id
      }
    }
  }
}
