package dev.streamwal.encryption;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.error.KeyUnavailableException;
import dev.streamwal.error.UnsupportedFormatException;
import dev.streamwal.error.WalException;
import dev.streamwal.format.FormatException;
import dev.streamwal.format.SealLayout;
import dev.streamwal.keys.MasterKeys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sealed records and the file of keys are what docs/format.md says, and nothing else is taken for them. */
class EncryptionFormatTest {

    private static final MasterKeys MASTERS = MasterKeys.ring("m", Map.of("m", new byte[32]));
    private static final Pattern PICTURE = Pattern.compile("(?s)<pre>\n(.*?) \\* </pre>");
    private static final byte[] KEY_OF_NEXT = "0123456789abcdef0123456789abcdef".getBytes(UTF_8);
    private static final byte[] KEY = "sensor/ä".getBytes(UTF_8);

    @TempDir
    Path root;

    private static Path module() {
        return Path.of(System.getProperty("basedir", "."));
    }

    @ParameterizedTest
    @ValueSource(strings = {"format/SealLayout", "encryption/KeysLayout"})
    void picture_ofALayout_isTheOneInTheDocument(String layout) throws IOException {
        String document = Files.readString(module().resolve("../docs/format.md")).replace("\r\n", "\n");
        String source = Files.readString(module().resolve("src/main/java/dev/streamwal/" + layout + ".java")).replace("\r\n", "\n");
        List<String> pictures = PICTURE.matcher(source).results().map(match -> match.group(1)).toList();
        assertThat(pictures).isNotEmpty();
        for (String picture : pictures) {
            for (String row : picture.replaceAll("(?m)^ \\* ?", "").strip().lines().map(String::strip).toList()) {
                assertThat(document.lines().map(String::strip)).as("a row of %s", layout).contains(row);
            }
        }
    }

    // ---------------------------------------------------------------- records

    private static final int HEADER_LENGTH = 6;
    private static final long MILLIS = 1_772_366_400_123L;
    private static final long POSITION = 0x1122334455L;
    private static final byte[] PLAIN = "headercontent".getBytes(UTF_8);

    private static byte[] sealed(SealingKey key) {
        byte[] bytes = Arrays.copyOf(PLAIN, PLAIN.length + SealLayout.BYTES);
        key.seal(bytes, PLAIN.length, HEADER_LENGTH, MILLIS, KEY, POSITION);
        return bytes;
    }

    private SealingKey stored(int id) throws IOException {
        SealingKey key = SealingKey.generate(id, 77, MASTERS);
        KeysFile.write(root, List.of(key.wrapped()));
        return key;
    }

    /** As a program in another language would, by the document alone. */
    @Test
    void seal_openedAsTheDocumentSays_isTheRecord() throws Exception {
        byte[] sealed = sealed(stored(0x01020304));
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(root.resolve("keys"))).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(new String(file.array(), 0, 8, UTF_8)).isEqualTo("STRMKEY1");
        assertThat(file.getInt(12)).isEqualTo(1);
        assertThat(file.getInt(16)).isEqualTo(0x01020304);
        assertThat(file.getLong(20)).isEqualTo(77);
        int idLength = file.getShort(16 + 28);
        byte[] wrapped = Arrays.copyOfRange(file.array(), 16 + 32 + idLength, 16 + 32 + idLength + file.getShort(16 + 30));
        byte[] key = gcm(new byte[32], Arrays.copyOf(wrapped, 12), "stream-wal session key 01020304".getBytes(UTF_8), Arrays.copyOfRange(wrapped, 12, wrapped.length));
        ByteBuffer in = ByteBuffer.wrap(sealed).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(in.getInt(PLAIN.length + 20)).isEqualTo(0x01020304);
        byte[] nonce = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putInt(in.getInt(PLAIN.length + 16)).putLong(POSITION).array();
        byte[] context = ByteBuffer.allocate(12 + KEY.length).order(ByteOrder.LITTLE_ENDIAN).putInt(HEADER_LENGTH).putLong(MILLIS).put(KEY).array();
        assertThat(gcm(key, nonce, context, Arrays.copyOf(sealed, PLAIN.length + 16))).isEqualTo(PLAIN);
        byte[] none = new byte[12];
        Arrays.fill(none, (byte) 0xFF);
        assertThat(gcm(key, none, new byte[0], Arrays.copyOfRange(file.array(), 16 + 12, 16 + 28))).isEmpty();
    }

    private static byte[] gcm(byte[] key, byte[] nonce, byte[] context, byte[] sealed) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(context);
        return cipher.doFinal(sealed);
    }

    @Test
    void open_atItsPlace_isTheRecord() throws IOException {
        byte[] sealed = sealed(stored(5));
        assertThat(new LogKeys(root, MASTERS).open(sealed, new String(KEY, UTF_8), POSITION, MILLIS, HEADER_LENGTH)).isEqualTo(PLAIN);
    }

    /** Counts what it is asked, and answers slowly. */
    private static MasterKeys counting(AtomicInteger asked) {
        return new MasterKeys() {
            @Override
            public String currentId() {
                return MASTERS.currentId();
            }

            @Override
            public byte[] wrap(String id, byte[] key, byte[] context) {
                return MASTERS.wrap(id, key, context);
            }

            @Override
            public byte[] unwrap(String id, byte[] wrapped, byte[] context) {
                asked.incrementAndGet();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
                return MASTERS.unwrap(id, wrapped, context);
            }
        };
    }

    @Test
    void open_severalKeysOnSeveralThreads_eachIsAskedForOnceAndTheFileReadOnce() {
        List<SealingKey> sealing = IntStream.range(0, 3).mapToObj(id -> SealingKey.generate(id, 0, MASTERS)).toList();
        List<byte[]> sealed = sealing.stream().map(EncryptionFormatTest::sealed).toList();
        AtomicInteger asked = new AtomicInteger();
        AtomicInteger read = new AtomicInteger();
        LogKeys keys = new LogKeys(root, () -> {
            read.incrementAndGet();
            return sealing.stream().map(SealingKey::wrapped).toList();
        }, counting(asked));
        List<CompletableFuture<byte[]>> opened = IntStream.range(0, 12).mapToObj(i -> CompletableFuture.supplyAsync(
                () -> keys.open(sealed.get(i % 3), new String(KEY, UTF_8), POSITION, MILLIS, HEADER_LENGTH), each -> new Thread(each).start())).toList();
        assertThat(opened).allSatisfy(each -> assertThat(each.join()).isEqualTo(PLAIN));
        assertThat(asked.get()).isEqualTo(3);
        assertThat(read.get()).isEqualTo(1);
    }

    @Test
    void open_keysWereRotatedSinceTheFileWasRead_readsItAgain() {
        MasterKeys next = MasterKeys.ring("next", Map.of("next", KEY_OF_NEXT));
        MasterKeys both = MasterKeys.ring("next", Map.of("next", KEY_OF_NEXT, "m", new byte[32]));
        List<SealingKey> sealing = List.of(SealingKey.generate(1, 0, next), SealingKey.generate(2, 0, MASTERS));
        List<byte[]> sealed = sealing.stream().map(EncryptionFormatTest::sealed).toList();
        List<WrappedKey> wrapped = new ArrayList<>(sealing.stream().map(SealingKey::wrapped).toList());
        LogKeys keys = new LogKeys(root, () -> List.copyOf(wrapped), next);
        assertThat(keys.open(sealed.get(0), new String(KEY, UTF_8), POSITION, MILLIS, HEADER_LENGTH)).isEqualTo(PLAIN);
        Runnable second = () -> assertThat(keys.open(sealed.get(1), new String(KEY, UTF_8), POSITION, MILLIS, HEADER_LENGTH)).isEqualTo(PLAIN);
        assertThatThrownBy(second::run).isInstanceOf(KeyUnavailableException.class);
        wrapped.set(1, LogKeys.rewrapped(Path.of("log"), List.of(wrapped.get(1)), both).get(0));
        second.run();
    }

    @Test
    void open_atAnotherPlaceOrWithAnotherFrame_isRefused() throws IOException {
        byte[] sealed = sealed(stored(5));
        LogKeys keys = new LogKeys(root, MASTERS);
        String key = new String(KEY, UTF_8);
        for (Runnable open : List.<Runnable>of(
                () -> keys.open(sealed, key + "x", POSITION, MILLIS, HEADER_LENGTH),
                () -> keys.open(sealed, key, POSITION + 8, MILLIS, HEADER_LENGTH),
                () -> keys.open(sealed, key, POSITION, MILLIS + 1, HEADER_LENGTH),
                () -> keys.open(sealed, key, POSITION, MILLIS, HEADER_LENGTH - 1),
                () -> keys.open(Arrays.copyOf(sealed, SealLayout.BYTES), key, POSITION, MILLIS, HEADER_LENGTH),
                () -> keys.open(new byte[3], key, POSITION, MILLIS, 0))) {
            assertThatThrownBy(open::run).isInstanceOf(WalException.class)
                    .isInstanceOfAny(CorruptSegmentException.class, KeyUnavailableException.class).hasMessageContaining("position=");
        }
    }

    @Test
    void open_everyBitFlipped_isRefused() throws IOException {
        byte[] sealed = sealed(stored(5));
        LogKeys keys = new LogKeys(root, MASTERS);
        for (int bit = 0; bit < 8 * sealed.length; bit++) {
            byte[] changed = sealed.clone();
            changed[bit / 8] = (byte) (changed[bit / 8] ^ 1 << bit % 8);
            Class<? extends WalException> expected = bit / 8 >= sealed.length - 4 ? KeyUnavailableException.class : CorruptSegmentException.class;
            assertThatThrownBy(() -> keys.open(changed, new String(KEY, UTF_8), POSITION, MILLIS, HEADER_LENGTH)).as("bit " + bit).isInstanceOf(expected);
        }
    }

    @Test
    void seal_sameRecordTwice_hasAnotherNumberAndOtherBytes() {
        SealingKey key = SealingKey.generate(9, 0, MASTERS);
        byte[] first = sealed(key);
        byte[] second = sealed(key);
        assertThat(SealLayout.number(first, PLAIN.length)).isZero();
        assertThat(SealLayout.number(second, PLAIN.length)).isOne();
        assertThat(Arrays.copyOf(first, PLAIN.length)).isNotEqualTo(Arrays.copyOf(second, PLAIN.length));
    }

    @Test
    void seal_allNumbersAreUsed_refusesInsteadOfBeginningAnew() {
        assertThat(SealingKey.generate(9, 0, MASTERS, (1L << 31) - 1).isFull()).isFalse();
        SealingKey key = SealingKey.generate(9, 0, MASTERS, (1L << 32) - 1);
        assertThat(key.isFull()).isTrue();
        assertThat(SealLayout.number(sealed(key), PLAIN.length)).isEqualTo(-1);
        assertThatThrownBy(() -> sealed(key)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> sealed(key)).isInstanceOf(IllegalStateException.class);
    }

    // ---------------------------------------------------------------- the file of keys

    private static byte[] twoKeys() {
        ByteBuffer bytes = KeysLayout.encode(List.of(SealingKey.generate(1, 2, MASTERS).wrapped(), SealingKey.generate(-3, 4, MASTERS).wrapped()));
        return Arrays.copyOf(bytes.array(), bytes.limit());
    }

    @Test
    void keys_everyBitFlippedAndEveryLength_areRefused() throws FormatException {
        byte[] file = twoKeys();
        assertThat(KeysLayout.decode(file)).extracting(WrappedKey::id, WrappedKey::createdMillis, WrappedKey::masterId)
                .containsExactly(tuple(1, 2L, "m"), tuple(-3, 4L, "m"));
        for (int bit = 0; bit < 8 * file.length; bit++) {
            byte[] changed = file.clone();
            changed[bit / 8] = (byte) (changed[bit / 8] ^ 1 << bit % 8);
            assertThatThrownBy(() -> KeysLayout.decode(changed)).as("bit " + bit).isInstanceOf(FormatException.class);
        }
        for (int length = 0; length < file.length; length++) {
            byte[] cut = Arrays.copyOf(file, length);
            assertThatThrownBy(() -> KeysLayout.decode(cut)).as("length " + length).isInstanceOf(FormatException.class);
        }
        assertThatThrownBy(() -> KeysLayout.decode(Arrays.copyOf(file, file.length + 1))).isInstanceOf(FormatException.class);
    }

    @Test
    void read_oneOfTheFilesIsDamaged_readsTheOtherOne() throws IOException {
        SealingKey key = stored(5);
        for (String damaged : List.of("keys", "keys.copy")) {
            byte[] whole = Files.readAllBytes(root.resolve(damaged));
            Files.write(root.resolve(damaged), new byte[100]);
            assertThat(KeysFile.read(root)).extracting(WrappedKey::id).containsExactly(key.id());
            Files.write(root.resolve(damaged), whole);
        }
        Files.write(root.resolve("keys"), new byte[100]);
        Files.delete(root.resolve("keys.copy"));
        assertThatThrownBy(() -> KeysFile.read(root)).isInstanceOf(CorruptSegmentException.class);
        Files.write(root.resolve("keys"), "STRMKEY2........".getBytes(UTF_8));
        assertThatThrownBy(() -> KeysFile.read(root)).isInstanceOf(UnsupportedFormatException.class);
    }

    /** Keys are never taken out, so that a log that lives long may come to it. */
    @Test
    void write_moreThanTheFileMayHave_saysSoAndLeavesItAsItIs() throws IOException {
        SealingKey unused = stored(5);
        byte[] before = Files.readAllBytes(root.resolve("keys"));
        WrappedKey large = new WrappedKey(1, 0, "m", new byte[KeysLayout.MAX_WRAPPED_BYTES], new byte[16]);
        List<WrappedKey> many = Collections.nCopies(KeysLayout.MAX_BYTES / KeysLayout.MAX_WRAPPED_BYTES, large);
        assertThatThrownBy(() -> KeysFile.write(root, many)).isInstanceOf(WalException.class).hasMessageContaining("keys=" + many.size())
                .hasMessageContaining("max=" + KeysLayout.MAX_BYTES).hasMessageContaining("rotateKeys()");
        assertThat(root.resolve("keys")).hasBinaryContent(before);
    }

    /** It would be read as another id, which the program's master keys don't know. */
    @Test
    void write_idWithALoneSurrogate_isRefused() {
        WrappedKey wrapped = SealingKey.generate(5, 0, MASTERS).wrapped().rewrapped("m\ud800", new byte[60]);
        assertThatThrownBy(() -> KeysFile.write(root, List.of(wrapped))).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("lone surrogate");
    }

    @Test
    void rewrapped_otherMasterKey_keepsTheKeyAndItsCheck() {
        MasterKeys both = MasterKeys.ring("next", Map.of("next", new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                5, 6, 7, 8}, "m", new byte[32]));
        WrappedKey before = SealingKey.generate(5, 0, MASTERS).wrapped();
        WrappedKey after = LogKeys.rewrapped(Path.of("log"), List.of(before), both).get(0);
        assertThat(after.masterId()).isEqualTo("next");
        assertThat(after.check()).isEqualTo(before.check());
        assertThat(after.wrapped()).isNotEqualTo(before.wrapped());
        assertThatThrownBy(() -> LogKeys.rewrapped(Path.of("log"), List.of(new WrappedKey(6, 0, "m", before.wrapped(), before.check())), both))
                .as("passes for another key").isInstanceOf(KeyUnavailableException.class);
    }
}
