package dev.streamwal.encryption;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * A test vector of Project Wycheproof for AES-256-GCM; the resource's README.md says where they are from.
 *
 * @param sealed ciphertext and tag
 * @param isValid whether it is what the message is encrypted to; else it is to be refused
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record GcmVector(int id, byte[] key, byte[] nonce, byte[] context, byte[] message, byte[] sealed, boolean isValid) {

    /** All of them: 39 that are valid, and 27 that are not. */
    public static List<GcmVector> all() throws IOException {
        List<GcmVector> vectors = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(GcmVector.class.getResourceAsStream("aes_gcm_test.json"))) {
            for (JsonNode group : new ObjectMapper().readTree(in).get("testGroups")) {
                group.get("tests").forEach(test -> vectors.add(of(test)));
            }
        }
        return vectors;
    }

    private static GcmVector of(JsonNode test) {
        return new GcmVector(test.get("tcId").asInt(), bytes(test, "key"), bytes(test, "iv"), bytes(test, "aad"), bytes(test, "msg"),
                HexFormat.of().parseHex(test.get("ct").asText() + test.get("tag").asText()), test.get("result").asText().equals("valid"));
    }

    private static byte[] bytes(JsonNode test, String name) {
        return HexFormat.of().parseHex(test.get(name).asText());
    }

    @Override
    public String toString() {
        return "tcId " + id + (isValid ? ", valid" : ", invalid");
    }
}
