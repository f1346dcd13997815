# The file terraform.tfstate in this folder: the bucket for states is only made here. It holds tokens and is
# encrypted. No name here may ever change: they stand in what was encrypted with them.
terraform {
  backend "local" {}

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
