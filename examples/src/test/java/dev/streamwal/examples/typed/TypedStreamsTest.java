package dev.streamwal.examples.typed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.StreamWal;
import dev.streamwal.TypedStream;
import dev.streamwal.WalStream;
import dev.streamwal.WriteEntry;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.reader.Entry;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of typed records: what they write is what their formats say, they read what they should, and the page about them shows what compiles. */
class TypedStreamsTest {
    private static final Path SOURCES = Path.of("src/main/java/dev/streamwal/examples/typed");
    private static final Path PAGE = Path.of("../docs/typed-records.md");
    private static final Pattern JAVA = Pattern.compile("(?s)```java\n(.*?)```");

    @TempDir
    Path folder;

    @Test
    void typedStreams_readsWhatItHasAppended() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new TypedStreams(new PrintStream(out, true, UTF_8)).run(folder);

        assertThat(out.toString(UTF_8).lines()).containsExactly(
                "meter 1        Reading[sensor=1, amount=231.5, unit=W]",
                "meter 1        Reading[sensor=1, amount=0.23, unit=kW]",
                "latest         Reading[sensor=2, amount=4.5, unit=kW]",
                "followed       3 readings",
                "version 2      Reading[sensor=3, amount=99.0, unit=W]",
                "version 2      Reading[sensor=3, amount=0.1, unit=kW]",
                "version 1      Reading[sensor=3, amount=99.0, unit=W]",
                "version 1      version 2 at position " + secondPosition() + " is not for this program",
                "samples        1,000, the hottest 21.000",
                "as JSON        1,000 readings, 1,000 as appended",
                "as Protobuf    1,000 readings, 1,000 as appended",
                "as SBE         1,000 trades, of 999,000 together");
    }

    private long secondPosition() {
        try (WalReader reader = WalReader.open(folder)) {
            return reader.latest("meter/3/power").orElseThrow().ref().position();
        }
    }

    private static ByteBuf encoded(RecordCodec<Reading> codec, Reading reading) {
        ByteBuf target = Unpooled.buffer();
        codec.encode(reading, target);
        return target;
    }

    @Test
    void protobuf_bytes_areThoseOfTheMessage() {
        ProtobufReadingCodec codec = new ProtobufReadingCodec();

        ByteBuf bytes = encoded(codec, new Reading(150, 1.5, "kW"));

        // field 1, varint 150; field 2, 64 bits; field 3, 2 bytes
        assertThat(ByteBufUtil.hexDump(bytes)).isEqualTo("089601" + "11000000000000f83f" + "1a026b57");
    }

    @Test
    void protobuf_unknownAndMissingFields_areSkippedAndDefaults() {
        ProtobufReadingCodec codec = new ProtobufReadingCodec();

        // field 4, varint 1; field 3, "m"; no others
        ByteBuf bytes = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump("2001" + "1a016d"));

        assertThat(codec.decode(bytes, 5)).isEqualTo(new Reading(0, 0, "m"));
    }

    @Test
    void protobuf_contentThatIsCut_isNotRead() {
        ProtobufReadingCodec codec = new ProtobufReadingCodec();
        try (StreamWal wal = StreamWal.open(folder); WalReader reader = wal.reader()) {
            WalStream stream = wal.stream("cut");
            ByteBuf whole = encoded(codec, new Reading(150, 1.5, "kW"));
            Entry tagged = appended(reader, wal.stream("whole", codec));
            stream.append(WriteEntry.of(tagged.headerBytes(), ByteBufUtil.getBytes(whole, 0, whole.readableBytes() - 1), WriteEntry.NOW));

            try (TypedCursor<Reading> cursor = reader.scan("cut", codec)) {
                assertThat(cursor.next()).isTrue();
                assertThatThrownBy(cursor::value).isInstanceOf(UndecodableRecordException.class);
            }
        }
    }

    private static Entry appended(WalReader reader, TypedStream<Reading> stream) {
        return reader.find(stream.append(new Reading(150, 1.5, "kW"))).orElseThrow();
    }

    @Test
    void sbe_bytes_areThoseOfTheSchema() {
        Trade trade = Trade.of(1, 25_000, 3, 7);

        assertThat(ByteBufUtil.hexDump(trade.bytes())).isEqualTo(
                "1800" + "0100" + "0900" + "0200" + "0100000000000000" + "a861000000000000" + "03000000" + "07000000");
    }

    @Test
    void sbe_tradeOfVersion1_hasNoVenue_andOfALaterVersion_isReadWithoutWhatIsNew() {
        Trade view = new SbeTradeCodec().decode(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(
                "1400" + "0100" + "0900" + "0100" + "0100000000000000" + "a861000000000000" + "03000000")), 1);
        assertThat(view.quantity()).isEqualTo(3);
        assertThat(view.venue()).isEqualTo(Trade.NO_VENUE);

        view = new SbeTradeCodec().decode(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(
                "2000" + "0100" + "0900" + "0300" + "0100000000000000" + "a861000000000000" + "03000000" + "07000000" + "ffffffffffffffff")), 3);
        assertThat(view.venue()).isEqualTo(7);
    }

    @Test
    void sbe_bytesOfSomethingElse_areRefused() {
        SbeTradeCodec codec = new SbeTradeCodec();
        for (String other : List.of("1800" + "0200" + "0900" + "0200" + "00".repeat(24), "1800" + "0100" + "0900" + "0200" + "00".repeat(23))) {
            ByteBuf bytes = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(other));
            assertThatThrownBy(() -> codec.decode(bytes, 2)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not a trade");
        }
    }

    @Test
    void sbe_viewOfARecord_isTheSameObjectEachTime() {
        SbeTradeCodec codec = new SbeTradeCodec();
        try (StreamWal wal = StreamWal.open(folder); WalReader reader = wal.reader()) {
            TypedStream<Trade> stream = wal.stream("trades", codec);
            stream.append(Trade.of(1, 2, 3, 4));
            stream.append(Trade.of(5, 6, 7, 8));
            try (TypedCursor<Trade> trades = reader.scan("trades", codec)) {
                assertThat(trades.next()).isTrue();
                Trade first = trades.value();
                assertThat(first.orderId()).isEqualTo(1);
                assertThat(trades.next()).isTrue();
                assertThat(trades.value()).isSameAs(first);
                assertThat(first.orderId()).isEqualTo(5);
                assertThat(first.venue()).isEqualTo(8);
            }
        }
    }

    @Test
    void page_showsWhatCompiles() throws IOException {
        List<String> sources;
        try (Stream<Path> files = Files.list(SOURCES)) {
            sources = files.map(TypedStreamsTest::source).toList();
        }
        List<String> shown = JAVA.matcher(Files.readString(PAGE)).results().map(block -> flushLeft(block.group(1))).toList();

        assertThat(shown).hasSizeGreaterThan(3).allSatisfy(block -> assertThat(sources).anyMatch(source -> source.contains(block)));
    }

    private static String source(Path file) {
        try {
            return flushLeft(Files.readString(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Without indentation, which is another one on the page. */
    private static String flushLeft(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n"));
    }
}
