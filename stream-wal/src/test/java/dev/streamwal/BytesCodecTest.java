package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.codec.RecordCodec;
import dev.streamwal.codec.chronicle.BytesCodec;
import dev.streamwal.error.RecordTooLargeException;
import dev.streamwal.error.UndecodableRecordException;
import dev.streamwal.reader.TypedCursor;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.ByteBuf;
import java.nio.BufferUnderflowException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import net.openhft.chronicle.bytes.BytesIn;
import net.openhft.chronicle.bytes.BytesMarshallable;
import net.openhft.chronicle.bytes.BytesOut;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Typed records of types that write themselves by Chronicle Bytes. */
class BytesCodecTest {

    private static final String KEY = "orders";
    private static final int SCHEMA_ID = 5;

    @TempDir
    private Path directory;

    private StreamWal wal;

    @BeforeEach
    void open() {
        wal = StreamWal.open(directory);
    }

    @AfterEach
    void close() {
        wal.close();
    }

    /** As it was. */
    static class Order implements BytesMarshallable {
        long id;
        String text = "";

        Order() {}

        Order(long id, String text) {
            this.id = id;
            this.text = text;
        }

        @Override
        public void writeMarshallable(BytesOut<?> bytes) {
            bytes.writeLong(id).writeUtf8(text);
        }

        @Override
        public void readMarshallable(BytesIn<?> bytes) {
            id = bytes.readLong();
            text = bytes.readUtf8();
        }
    }

    /** As it is now: with an amount behind the rest. */
    static final class OrderWithAmount extends Order {
        int amount;

        @Override
        public void writeMarshallable(BytesOut<?> bytes) {
            super.writeMarshallable(bytes);
            bytes.writeInt(amount);
        }

        @Override
        public void readMarshallable(BytesIn<?> bytes) {
            super.readMarshallable(bytes);
            amount = bytes.readRemaining() == 0 ? 1 : bytes.readInt();
        }
    }

    private static final BytesCodec<Order> V1 = BytesCodec.of(SCHEMA_ID, 1, Order::new);
    private static final BytesCodec<OrderWithAmount> V2 = BytesCodec.of(SCHEMA_ID, 2, OrderWithAmount::new);

    @Test
    void orders_ofAnySize_areReadBack() {
        TypedStream<Order> stream = wal.stream(KEY, V1);
        List<Integer> sizes = List.of(0, 1, 100, 2_000, 70_000, 1_500_000, 3);
        for (int size : sizes) {
            stream.append(new Order(size, "ä".repeat(size)));
        }
        try (WalReader reader = wal.reader(); TypedCursor<Order> orders = reader.scan(KEY, V1)) {
            for (int size : sizes) {
                assertThat(orders.next()).isTrue();
                Order order = orders.value();
                assertThat(order.id).isEqualTo(size);
                assertThat(order.text).isEqualTo("ä".repeat(size));
            }
            assertThat(orders.next()).isFalse();
        }
    }

    @Test
    void earlierVersion_isReadWithTheFieldsDefault_andALaterOne_refused() {
        wal.stream(KEY, V1).append(new Order(1, "a"));
        OrderWithAmount three = new OrderWithAmount();
        three.amount = 3;
        wal.stream(KEY, V2).append(three);
        try (WalReader reader = wal.reader();
                TypedCursor<OrderWithAmount> now = reader.scan(KEY, V2);
                TypedCursor<Order> before = reader.scan(KEY, V1)) {
            assertThat(now.next()).isTrue();
            assertThat(now.value().amount).isEqualTo(1);
            assertThat(now.next()).isTrue();
            assertThat(now.value().amount).isEqualTo(3);
            assertThat(before.next()).isTrue();
            assertThat(before.next()).isTrue();
            assertThatThrownBy(before::value).isInstanceOf(UndecodableRecordException.class).hasMessageContaining("codec=BytesCodec(5 version 1)");
        }
    }

    /** What stands in the thread's buffer behind a short content is another record's. */
    @Test
    void shortContent_isNotReadBeyondItsEnd() {
        RecordCodec<Order> cut = new RecordCodec<>() {
            @Override
            public int schemaId() {
                return SCHEMA_ID;
            }

            @Override
            public int version() {
                return 1;
            }

            @Override
            public void encode(Order value, ByteBuf target) {
                target.writeInt(1);
            }

            @Override
            public Order decode(ByteBuf content, int version) {
                return new Order();
            }
        };
        wal.stream(KEY, V1).append(new Order(1, "long enough"));
        wal.stream(KEY, cut).append(new Order(2, ""));
        try (WalReader reader = wal.reader(); TypedCursor<Order> orders = reader.scan(KEY, V1)) {
            assertThat(orders.next()).isTrue();
            assertThat(orders.value().text).isEqualTo("long enough");
            assertThat(orders.next()).isTrue();
            assertThatThrownBy(orders::value).isInstanceOf(UndecodableRecordException.class).hasCauseInstanceOf(BufferUnderflowException.class);
        }
    }

    /** It writes another one of its kind while it is written, and while it is read. */
    private final class Nested extends Order {
        @Override
        public void writeMarshallable(BytesOut<?> bytes) {
            bytes.writeLong(8);
            wal.stream("others", V1).append(new Order(9, "inner"));
            bytes.writeUtf8("outer");
        }

        @Override
        public void readMarshallable(BytesIn<?> bytes) {
            id = bytes.readLong();
            wal.stream("others", V1).append(new Order(10, "inner"));
            text = bytes.readUtf8();
        }
    }

    @Test
    void order_thatAppendsWhileItIsWrittenAndRead_isReadBack() {
        BytesCodec<Nested> codec = BytesCodec.of(6, 1, Nested::new);
        wal.stream(KEY, codec).append(new Nested());
        try (WalReader reader = wal.reader(); TypedCursor<Nested> nested = reader.scan(KEY, codec)) {
            assertThat(nested.next()).isTrue();
            Nested value = nested.value();
            assertThat(value.id).isEqualTo(8);
            assertThat(value.text).isEqualTo("outer");
            try (TypedCursor<Order> others = reader.scan("others", V1)) {
                for (int id : IntStream.of(9, 10).toArray()) {
                    assertThat(others.next()).isTrue();
                    assertThat(others.value().id).isEqualTo(id);
                    assertThat(others.value().text).isEqualTo("inner");
                }
            }
        }
    }

    @Test
    void order_beyondTheLimit_isRefused_andOneThatThrows_leavesNothing() {
        TypedStream<Order> stream = wal.stream(KEY, V1);
        assertThatThrownBy(() -> stream.append(new Order(1, "x".repeat(17 << 20)))).isInstanceOf(RecordTooLargeException.class);
        IllegalStateException thrown = new IllegalStateException("half way");
        assertThatThrownBy(() -> stream.append(new Order() {
            @Override
            public void writeMarshallable(BytesOut<?> bytes) {
                bytes.writeLong(1);
                throw thrown;
            }
        })).isSameAs(thrown);
        assertThat(stream.stream().endPosition()).isZero();
    }
}
