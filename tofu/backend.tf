# Where the bucket is, and what its server can do, is in backends/: tofu init -backend-config=backends/r2.s3.tfbackend
terraform {
  backend "s3" {
    key          = "infra-k3s/main.tfstate"
    use_lockfile = true
  }

  # No name here may ever change: they stand in what was encrypted with them.
  encryption {
    key_provider "pbkdf2" "passphrase" {
      passphrase = var.state_passphrase
    }

    method "aes_gcm" "passphrase" {
      keys = key_provider.pbkdf2.passphrase
    }

    state {
      method   = method.aes_gcm.passphrase
      enforced = true
    }

    plan {
      method   = method.aes_gcm.passphrase
      enforced = true
    }
  }
}
