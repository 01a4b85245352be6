import java.io.ByteArrayOutputStream;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Security;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Date;

import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.EnvelopedData;
import org.bouncycastle.asn1.cmp.CertRepMessage;
import org.bouncycastle.asn1.cmp.CertResponse;
import org.bouncycastle.asn1.cmp.ErrorMsgContent;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.cmp.PKIHeader;
import org.bouncycastle.asn1.cmp.PKIStatusInfo;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.CertificateConfirmationContentBuilder;
import org.bouncycastle.cert.cmp.GeneralPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessage;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcaCertificateRequestMessageBuilder;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.Recipient;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JcePasswordEnvelopedRecipient;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.pkcs.jcajce.JcePBMac1CalculatorBuilder;
import org.bouncycastle.pkcs.jcajce.JcePBMac1CalculatorProviderBuilder;

/**
 * CmpClient URL SUBJECT OUT.pem KEYOUT.pem secret REFERENCE SECRET MAC BITS
 * CmpClient URL SUBJECT OUT.pem KEYOUT.pem signature CERTIFICATE.pem KEY.pem ROOT.pem ISSUER.pem
 *
 * Enrolls by ir or cr with a fresh P-256 key, and confirms; with secret-key or signature-key, a key that the CA makes.
 */
public final class CmpClient {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final ASN1ObjectIdentifier CMC_CA = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.27");
    private static String url;
    private static Protection protection;

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        url = arguments[0];
        X500Name subject = new X500Name(arguments[1]);
        String[] more = Arrays.copyOfRange(arguments, 5, arguments.length);
        boolean bySecret = arguments[4].startsWith("secret");
        boolean generated = arguments[4].endsWith("-key");
        protection = bySecret ? new Secret(more) : new Signature(more);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
        generator.initialize(new ECGenParameterSpec("P-256"));
        KeyPair pair = generator.generateKeyPair();
        JcaCertificateRequestMessageBuilder request = new JcaCertificateRequestMessageBuilder(BigInteger.ZERO);
        request.setSubject(subject);
        if (!generated) {
            request.setPublicKey(pair.getPublic());
            request.setProofOfPossessionSigningKeySigner(signer(pair.getPrivate()));
        }
        byte[] transaction = random();
        PKIBody asked = new PKIBody(
            bySecret ? PKIBody.TYPE_INIT_REQ : PKIBody.TYPE_CERT_REQ,
            new CertReqMessages(request.build().toASN1Structure()));
        ProtectedPKIMessage answer = exchange(asked, transaction, null);
        X509CertificateHolder issued = certificate(answer.getBody());
        PKIBody confirmation = new PKIBody(
            PKIBody.TYPE_CERT_CONFIRM,
            new CertificateConfirmationContentBuilder()
                .addAcceptedCertificate(issued, BigInteger.ZERO)
                .build(new JcaDigestCalculatorProviderBuilder().setProvider("BC").build())
                .toASN1Structure());
        ProtectedPKIMessage confirmed = exchange(confirmation, transaction, answer.getHeader());
        if (confirmed.getBody().getType() != PKIBody.TYPE_CONFIRM) {
            throw new IOException("expected a pkiconf: " + confirmed.getBody().getContent());
        }
        write(arguments[2], issued);
        write(arguments[3], generated ? delivered(answer.getBody()) : pair.getPrivate());
        System.out.println("protected by " + answer.getHeader().getProtectionAlg().getAlgorithm());
        System.out.println("enrolled");
    }

    /** The answer to a message, once its protection, its transaction and its nonces are found to be right. */
    private static ProtectedPKIMessage exchange(PKIBody body, byte[] transaction, PKIHeader before) throws Exception {
        byte[] nonce = random();
        ProtectedPKIMessageBuilder builder =
            new ProtectedPKIMessageBuilder(protection.sender(), new GeneralName(new X500Name("CN=CA")))
                .setMessageTime(new Date())
                .setTransactionID(transaction)
                .setSenderNonce(nonce)
                .setSenderKID(protection.identifier())
                .setBody(body);
        if (before != null) {
            builder.setRecipNonce(before.getSenderNonce().getOctets());
        }
        GeneralPKIMessage received = new GeneralPKIMessage(post(protection.protect(builder).toASN1Structure().getEncoded()));
        if (!received.hasProtection()) {
            throw new IOException("not protected: " + words(received.getBody()));
        }
        ProtectedPKIMessage answer = new ProtectedPKIMessage(received);
        protection.verify(answer);
        PKIHeader header = answer.getHeader();
        if (!Arrays.equals(header.getTransactionID().getOctets(), transaction)
            || !Arrays.equals(header.getRecipNonce().getOctets(), nonce)) {
            throw new IOException("not the answer to what was sent");
        }
        return answer;
    }

    private static X509CertificateHolder certificate(PKIBody body) throws IOException {
        if (body.getType() != PKIBody.TYPE_INIT_REP && body.getType() != PKIBody.TYPE_CERT_REP) {
            throw new IOException("expected an ip or cp: " + words(body));
        }
        CertResponse response = ((CertRepMessage) body.getContent()).getResponse()[0];
        if (response.getCertifiedKeyPair() == null) {
            throw new IOException("refused: " + words(response.getStatus()));
        }
        return new X509CertificateHolder(
            response.getCertifiedKeyPair().getCertOrEncCert().getCertificate().getX509v3PKCert());
    }

    /** The key that the CA has made: opened, its signature found right, with or without an AsymmetricKeyPackage. */
    private static PrivateKey delivered(PKIBody body) throws Exception {
        CertResponse response = ((CertRepMessage) body.getContent()).getResponse()[0];
        EnvelopedData envelope = EnvelopedData.getInstance(response.getCertifiedKeyPair().getPrivateKey().getValue());
        CMSEnvelopedData opened = new CMSEnvelopedData(new ContentInfo(CMSObjectIdentifiers.envelopedData, envelope));
        RecipientInformation recipient = opened.getRecipientInfos().iterator().next();
        ASN1Primitive content = ASN1Primitive.fromByteArray(recipient.getContent(protection.recipient()));
        CMSSignedData signed = new CMSSignedData(new ContentInfo(CMSObjectIdentifiers.signedData, content));
        SignerInformation author = signed.getSignerInfos().iterator().next();
        X509CertificateHolder authority =
            (X509CertificateHolder) signed.getCertificates().getMatches(author.getSID()).iterator().next();
        if (!author.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(authority))) {
            throw new IOException("the key's signature is wrong");
        }
        System.out.println("made by " + authority.getSubject());
        ASN1Sequence inside = ASN1Sequence.getInstance((byte[]) signed.getSignedContent().getContent());
        boolean packaged = inside.getObjectAt(0) instanceof ASN1Sequence;
        PrivateKeyInfo key = PrivateKeyInfo.getInstance(packaged ? inside.getObjectAt(0) : inside);
        return new JcaPEMKeyConverter().setProvider("BC").getPrivateKey(key);
    }

    private static String words(PKIBody body) {
        ASN1Encodable content = body.getContent();
        return content instanceof ErrorMsgContent
            ? words(((ErrorMsgContent) content).getPKIStatusInfo()) : String.valueOf(content);
    }

    private static String words(PKIStatusInfo info) {
        return info.getFailInfo() + " " + info.getStatusString().getStringAtUTF8(0).getString();
    }

    private static byte[] post(byte[] message) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/pkixcmp");
        try (OutputStream out = connection.getOutputStream()) {
            out.write(message);
        }
        try (InputStream in = connection.getInputStream()) {
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            in.transferTo(read);
            return read.toByteArray();
        }
    }

    private static ContentSigner signer(PrivateKey key) throws Exception {
        return new JcaContentSignerBuilder("SHA256withECDSA").setProvider("BC").build(key);
    }

    private static byte[] random() {
        byte[] octets = new byte[16];
        RANDOM.nextBytes(octets);
        return octets;
    }

    private static void write(String file, Object what) throws IOException {
        try (JcaPEMWriter writer = new JcaPEMWriter(new FileWriter(file))) {
            writer.writeObject(what);
        }
    }

    private static Object read(String file) throws IOException {
        try (Reader reader = new FileReader(file); PEMParser parser = new PEMParser(reader)) {
            return parser.readObject();
        }
    }

    private interface Protection {
        GeneralName sender();

        byte[] identifier();

        ProtectedPKIMessage protect(ProtectedPKIMessageBuilder builder) throws Exception;

        void verify(ProtectedPKIMessage answer) throws Exception;

        Recipient recipient();
    }

    /** PBMAC1 with a shared secret: REFERENCE SECRET MAC BITS. */
    private static final class Secret implements Protection {
        private final String[] given;

        Secret(String[] given) {
            this.given = given;
        }

        @Override
        public GeneralName sender() {
            return new GeneralName(new X500Name("CN=" + given[0]));
        }

        @Override
        public byte[] identifier() {
            return given[0].getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public ProtectedPKIMessage protect(ProtectedPKIMessageBuilder builder) throws Exception {
            JcePBMac1CalculatorBuilder mac = new JcePBMac1CalculatorBuilder(given[2], Integer.parseInt(given[3]));
            return builder.build(mac.setProvider("BC").build(given[1].toCharArray()));
        }

        @Override
        public void verify(ProtectedPKIMessage answer) throws Exception {
            JcePBMac1CalculatorProviderBuilder macs = new JcePBMac1CalculatorProviderBuilder().setProvider("BC");
            if (!answer.verify(macs.build(), given[1].toCharArray())) {
                throw new IOException("the answer's MAC is wrong");
            }
        }

        @Override
        public Recipient recipient() {
            return new JcePasswordEnvelopedRecipient(given[1].toCharArray()).setProvider("BC");
        }
    }

    /** A signature: CERTIFICATE KEY ROOT ISSUER, answered by a certificate with the purpose cmc-ca below the root. */
    private static final class Signature implements Protection {
        private final X509CertificateHolder own;
        private final PrivateKey key;
        private final X509CertificateHolder root;
        private final X509CertificateHolder issuer;

        Signature(String[] given) throws Exception {
            own = (X509CertificateHolder) read(given[0]);
            Object parsed = read(given[1]);
            PrivateKeyInfo info = parsed instanceof PrivateKeyInfo
                ? (PrivateKeyInfo) parsed : ((org.bouncycastle.openssl.PEMKeyPair) parsed).getPrivateKeyInfo();
            key = new JcaPEMKeyConverter().setProvider("BC").getPrivateKey(info);
            root = (X509CertificateHolder) read(given[2]);
            issuer = (X509CertificateHolder) read(given[3]);
        }

        @Override
        public GeneralName sender() {
            return new GeneralName(own.getSubject());
        }

        @Override
        public byte[] identifier() {
            return SubjectKeyIdentifier.fromExtensions(own.getExtensions()).getKeyIdentifier();
        }

        @Override
        public ProtectedPKIMessage protect(ProtectedPKIMessageBuilder builder) throws Exception {
            return builder.addCMPCertificate(own).addCMPCertificate(issuer).build(signer(key));
        }

        @Override
        public void verify(ProtectedPKIMessage answer) throws Exception {
            JcaContentVerifierProviderBuilder verifiers = new JcaContentVerifierProviderBuilder().setProvider("BC");
            X509CertificateHolder responder = answer.getCertificates()[0];
            boolean trusted = issuer.isSignatureValid(verifiers.build(root))
                && responder.isSignatureValid(verifiers.build(issuer))
                && ExtendedKeyUsage.fromExtensions(responder.getExtensions())
                    .hasKeyPurposeId(KeyPurposeId.getInstance(CMC_CA));
            if (!trusted || !answer.verify(verifiers.build(responder))) {
                throw new IOException("the answer's signature is wrong");
            }
        }

        @Override
        public Recipient recipient() {
            return new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC");
        }
    }
}
