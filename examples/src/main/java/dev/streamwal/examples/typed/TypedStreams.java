package dev.streamwal.examples.typed;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.streamwal.SampleStream;
import dev.streamwal.StreamWal;
import dev.streamwal.TypedStream;
import dev.streamwal.WriteBatch;
import dev.streamwal.WriteEntry;
import dev.streamwal.codec.RecordCodec;
import dev.streamwal.codec.jackson.JsonCodec;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.Keys;
import dev.streamwal.reader.ReadFrom;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.TypedTail;
import dev.streamwal.reader.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Appends and reads values in place of bytes, each kind in a stream of its own. */
public final class TypedStreams {
    private static final int VALUES = 1_000;

    private final PrintStream out;

    TypedStreams(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] args) throws IOException {
        new TypedStreams(System.out).run(args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stream-wal-"));
    }

    void run(Path root) {
        try (StreamWal wal = StreamWal.open(root); WalReader reader = wal.reader()) {
            readings(wal, reader);
            evolution(wal, reader);
            samples(wal, reader);
            readingsBy("as JSON", JsonCodec.of(10, 1, Reading.class, JsonMapper.builder().build()), wal, reader);
            readingsBy("as Protobuf", new ProtobufReadingCodec(), wal, reader);
            trades(wal, reader);
        }
    }

    private void line(String name, String format, Object... values) {
        out.printf(Locale.ROOT, "%-14s %s%n", name, String.format(Locale.ROOT, format, values));
    }

    private void readings(StreamWal wal, WalReader reader) {
        RecordCodec<Reading> codec = new ReadingCodec();
        TypedStream<Reading> power = wal.stream("meter/1/power", codec);
        power.append(new Reading(1, 231.5, "W"));
        wal.append(new WriteBatch()
                .add("meter/1/power", WriteEntry.typed(codec, new Reading(1, 0.23, "kW"), WriteEntry.NOW))
                .add("meter/2/power", WriteEntry.typed(codec, new Reading(2, 4.5, "kW"), WriteEntry.NOW)));

        try (TypedCursor<Reading> readings = reader.scan("meter/1/power", codec)) {
            while (readings.next()) {
                line("meter 1", "%s", readings.value());
            }
        }
        reader.latest("meter/2/power").ifPresent(entry -> line("latest", "%s", entry.value(codec)));
        try (TypedTail<Reading> tail = reader.follow(Keys.prefix("meter/"), ReadFrom.first()).typed(codec)) {
            int followed = 0;
            while (tail.next()) {
                followed++;
            }
            line("followed", "%d readings", followed);
        }
    }

    /** A program that hasn't been changed yet, and one that has, on one stream. */
    private void evolution(StreamWal wal, WalReader reader) {
        RecordCodec<Reading> before = new ReadingCodecBefore();
        RecordCodec<Reading> now = new ReadingCodec();
        wal.stream("meter/3/power", before).append(new Reading(3, 99, "W"));
        wal.stream("meter/3/power", now).append(new Reading(3, 0.1, "kW"));
        for (RecordCodec<Reading> codec : List.of(now, before)) {
            try (TypedCursor<Reading> readings = reader.scan("meter/3/power", codec)) {
                while (readings.next()) {
                    try {
                        line("version " + codec.version(), "%s", readings.value());
                    } catch (UndecodableRecordException e) {
                        line("version " + codec.version(), "version %d at position %d is not for this program", e.version().orElseThrow(), e.position());
                    }
                }
            }
        }
    }

    private void samples(StreamWal wal, WalReader reader) {
        SampleStream temperature = wal.samples("room/temperature");
        for (int i = 0; i < VALUES; i++) {
            temperature.append(20 + Math.sin(i));
        }
        double hottest = Double.NEGATIVE_INFINITY;
        try (EntryCursor cursor = reader.scan("room/temperature")) {
            while (cursor.next()) {
                hottest = Math.max(hottest, cursor.sampleValue());
            }
        }
        line("samples", "%,d, the hottest %.3f", VALUES, hottest);
    }

    private void readingsBy(String name, RecordCodec<Reading> codec, StreamWal wal, WalReader reader) {
        TypedStream<Reading> stream = wal.stream(name, codec);
        for (int i = 0; i < VALUES; i++) {
            stream.append(new Reading(i, i / 2.0, "W"));
        }
        int asAppended = 0;
        try (TypedCursor<Reading> readings = reader.scan(name, codec)) {
            while (readings.next()) {
                asAppended += readings.value().equals(new Reading(asAppended, asAppended / 2.0, "W")) ? 1 : 0;
            }
        }
        line(name, "%,d readings, %,d as appended", VALUES, asAppended);
    }

    private void trades(StreamWal wal, WalReader reader) {
        TypedStream<Trade> stream = wal.stream("trades", new SbeTradeCodec());
        for (int i = 0; i < VALUES; i++) {
            stream.append(Trade.of(i, 10_000L * i, 2, 1));
        }
        long turnover = 0;
        try (TypedCursor<Trade> trades = reader.scan("trades", new SbeTradeCodec())) {
            while (trades.next()) {
                Trade trade = trades.value();
                turnover += trade.price() * trade.quantity();
            }
        }
        line("as SBE", "%,d trades, of %,d together", VALUES, turnover / 10_000);
    }
}
