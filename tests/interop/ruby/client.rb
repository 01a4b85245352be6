# Usage: client.rb DIRECTORY CA ANSWERS CERTIFICATE NAME...: a certificate by http-01, revoked in the end if REVOKE is set.
require 'acme-client'
require 'openssl'

directory, authorities, answers, certificate, *names = ARGV
client = Acme::Client.new(
  private_key: OpenSSL::PKey::RSA.new(2048),
  directory: directory,
  connection_options: { ssl: { ca_file: authorities } }
)
client.new_account(contact: 'mailto:you@example.com', terms_of_service_agreed: true)
order = client.new_order(identifiers: names)
order.authorizations.each do |authorization|
  challenge = authorization.http
  File.write(File.join(answers, challenge.token), challenge.file_content)
  challenge.request_validation
  while %w[pending processing].include?(challenge.status)
    sleep 0.2
    challenge.reload
  end
  abort "the challenge is #{challenge.status}: #{challenge.error}" unless challenge.status == 'valid'
end
order.finalize(csr: Acme::Client::CertificateRequest.new(names: names))
while order.status == 'processing'
  sleep 0.2
  order.reload
end
File.write(certificate, order.certificate)
abort 'not revoked' if ENV['REVOKE'] && !client.revoke(certificate: order.certificate)
