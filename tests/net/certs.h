#pragma once
// Certificates for the peers, made by libcrypto at the first use of each.

#include <string>

namespace testnet {

/// The path of a file of the certificate folder; made when it is not there. Ends the program for unknown names.
std::string cert_path(const std::string& name);
/// True for names that cert_path knows.
bool is_cert_file(const std::string& name);

}  // namespace testnet
