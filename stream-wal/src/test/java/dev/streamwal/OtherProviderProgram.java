package dev.streamwal;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.streamwal.encryption.KeysFile;
import dev.streamwal.encryption.LogKeys;
import dev.streamwal.encryption.SealingKey;
import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.format.SealLayout;
import dev.streamwal.keys.MasterKeys;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.ReaderOptions;
import dev.streamwal.reader.WalReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Provider;
import java.security.Security;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.Cipher;

/** Puts another provider of ciphers first, and uses an encrypted log, which the JDK's provider has begun. Says what it did. */
final class OtherProviderProgram {

    static final String PROVIDER = "org.bouncycastle.jce.provider.BouncyCastleProvider";
    static final String KEY = "a";
    /** What is appended, in order: by the JDK's provider, by the other one, and by that after a rotation. */
    static final List<String> CONTENTS = List.of("of the JDK", "of the other", "rotated");

    private OtherProviderProgram() {}

    /** @param args the log, and another folder */
    public static void main(String[] args) throws Exception {
        if (Security.insertProviderAt((Provider) Class.forName(PROVIDER).getConstructor().newInstance(), 1) != 1) {
            throw new IllegalStateException("the provider isn't the first");
        }
        System.out.println("AES by " + Cipher.getInstance("AES/GCM/NoPadding").getProvider().getName());
        Path root = Path.of(args[0]);
        try (StreamWal wal = StreamWal.open(root, options("new", "old"))) {
            wal.stream(KEY).append(CONTENTS.get(1).getBytes(UTF_8));
            wal.rotateKeys();
            wal.stream(KEY).append(CONTENTS.get(2).getBytes(UTF_8));
        }
        System.out.println(read(root, MasterKeysForTests.ring("new")));
        System.out.println(read(root, MasterKeysForTests.ring("old")));
        System.out.println(refused(Path.of(args[1])));
    }

    static WalOptions options(String... masters) {
        return WalOptions.builder().storage(Storage.CHANNEL).encryption(MasterKeysForTests.ring(masters))
                .streams("*", StreamOptions.builder().segments(Segments.OWN).build()).build();
    }

    /** What can be read, or why it can't. */
    static String read(Path root, MasterKeys keys) {
        List<String> found = new ArrayList<>();
        try (WalReader reader = WalReader.open(root, ReaderOptions.builder().keys(keys).build()); EntryCursor cursor = reader.scan(KEY)) {
            while (cursor.next()) {
                found.add(cursor.content().toString(UTF_8));
            }
        } catch (KeyUnavailableException e) {
            return "KeyUnavailableException " + e.keyId();
        }
        return found.toString();
    }

    /** Changes each byte of a sealed record; says how many of these are refused, and for what. */
    private static String refused(Path folder) throws Exception {
        MasterKeys masters = MasterKeysForTests.ring("new");
        SealingKey key = SealingKey.generate(5, 0, masters);
        KeysFile.write(Files.createDirectories(folder), List.of(key.wrapped()));
        LogKeys keys = new LogKeys(folder, masters);
        byte[] plain = CONTENTS.get(0).getBytes(UTF_8);
        byte[] sealed = Arrays.copyOf(plain, plain.length + SealLayout.BYTES);
        key.seal(sealed, plain.length, 0, 1, KEY.getBytes(UTF_8), 64);
        if (!Arrays.equals(plain, keys.open(sealed, KEY, 64, 1, 0))) {
            throw new IllegalStateException("a record that was sealed isn't what is opened");
        }
        Map<String, Integer> refused = new TreeMap<>();
        for (int at = 0; at < sealed.length; at++) {
            byte[] changed = sealed.clone();
            changed[at] ^= 4;
            try {
                byte[] opened = keys.open(changed, KEY, 64, 1, 0);
                throw new IllegalStateException("opened a record that was changed: byte=" + at + ", bytes=" + opened.length);
            } catch (CorruptSegmentException | KeyUnavailableException e) {
                refused.merge(e.getClass().getSimpleName(), 1, Integer::sum);
            }
        }
        return refused.toString();
    }
}
