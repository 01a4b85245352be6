import java.io.FileReader;
import java.io.FileWriter;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.cert.TrustAnchor;
import java.security.spec.ECGenParameterSpec;
import java.util.Collections;
import java.util.Set;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.est.CSRRequestResponse;
import org.bouncycastle.est.CACertsResponse;
import org.bouncycastle.est.ESTAuth;
import org.bouncycastle.est.ESTService;
import org.bouncycastle.est.ESTServiceBuilder;
import org.bouncycastle.est.EnrollmentResponse;
import org.bouncycastle.est.jcajce.ChannelBindingProvider;
import org.bouncycastle.est.jcajce.JcaHttpAuthBuilder;
import org.bouncycastle.est.jcajce.JcaJceUtils;
import org.bouncycastle.est.jcajce.JsseESTServiceBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.jsse.BCSSLConnection;
import org.bouncycastle.jsse.BCSSLSocket;
import org.bouncycastle.jsse.provider.BouncyCastleJsseProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** EstClient HOST:PORT ROOT.pem MODE USER PASSWORD OUT.pem [LABEL]; MODE is cacerts, csrattrs, basic, digest, pop or keygen. */
public final class EstClient {
    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Security.addProvider(new BouncyCastleJsseProvider());
        String mode = arguments[2];
        X509CertificateHolder root;
        try (PEMParser parser = new PEMParser(new FileReader(arguments[1]))) {
            root = (X509CertificateHolder) parser.readObject();
        }
        TrustAnchor anchor = new TrustAnchor(new JcaX509CertificateConverter().getCertificate(root), null);
        Set<TrustAnchor> anchors = Collections.singleton(anchor);
        JsseESTServiceBuilder builder = new JsseESTServiceBuilder(
            arguments[0], JcaJceUtils.getCertPathTrustManager(anchors, null));
        builder.withProvider("BCJSSE").withTLSVersion("TLSv1.2");
        if (arguments.length > 6) {
            builder.withLabel(arguments[6]);
        }
        if (mode.equals("pop")) {
            builder.withChannelBindingProvider(new TlsUnique());
        }
        ESTService service = builder.build();
        if (mode.equals("cacerts")) {
            CACertsResponse answer = service.getCACerts();
            System.out.println("certificates " + answer.getCertificateStore().getMatches(null).size());
            return;
        }
        if (mode.equals("csrattrs")) {
            CSRRequestResponse answer = service.getCSRAttributes();
            System.out.println("attributes " + answer.hasAttributesResponse());
            return;
        }
        JcaHttpAuthBuilder auth = mode.equals("digest")
            ? new JcaHttpAuthBuilder(null, arguments[3], arguments[4].toCharArray())
            : new JcaHttpAuthBuilder("est", arguments[3], arguments[4].toCharArray());
        ESTAuth credentials = auth.setProvider("BC").build();
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
        generator.initialize(new ECGenParameterSpec("P-256"));
        KeyPair pair = generator.generateKeyPair();
        PKCS10CertificationRequestBuilder request =
            new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=bouncy"), pair.getPublic());
        JcaContentSignerBuilder signer = new JcaContentSignerBuilder("SHA256withECDSA").setProvider("BC");
        EnrollmentResponse answer;
        if (mode.equals("pop")) {
            answer = service.simpleEnrollPoP(false, request, signer.build(pair.getPrivate()), credentials);
        } else if (mode.equals("keygen")) {
            answer = service.simpleEnrollWithServersideCreation(request.build(signer.build(pair.getPrivate())), credentials);
            System.out.println("key " + (answer.getPrivateKeyInfo() != null));
        } else {
            answer = service.simpleEnroll(false, request.build(signer.build(pair.getPrivate())), credentials);
        }
        while (!answer.isCompleted()) {
            System.out.println("waiting");
            System.out.flush();
            Thread.sleep(Math.max(0, answer.getNotBefore() - System.currentTimeMillis()));
            answer = service.simpleEnroll(answer);
        }
        try (JcaPEMWriter writer = new JcaPEMWriter(new FileWriter(arguments[5]))) {
            writer.writeObject(answer.getStore().getMatches(null).iterator().next());
        }
        System.out.println("enrolled");
    }

    private static final class TlsUnique implements ChannelBindingProvider {
        @Override
        public boolean canAccessChannelBinding(java.net.Socket socket) {
            return socket instanceof BCSSLSocket;
        }

        @Override
        public byte[] getChannelBinding(java.net.Socket socket, String binding) {
            BCSSLConnection connection = ((BCSSLSocket) socket).getConnection();
            return connection == null ? null : connection.getChannelBinding("tls-unique");
        }
    }
}
