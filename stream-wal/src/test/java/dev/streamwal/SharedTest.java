package dev.streamwal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.streamwal.reader.EntryCursor;
import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** See {@link SharedContract}. */
class SharedTest {

    @Nested
    class Mapped extends SharedContract {
        Mapped() {
            super(LogHome.mapped());
        }

        @Test
        void read_behindASlotThatIsNotPublished_nothingIsLeftOutBetween() throws Exception {
            try (StreamWal wal = open(sharing()); WalReader without = WalReader.open(root)) {
                List<Written> all = appendSome(wal.stream("b"), 100);
                HeldByteBuf held = new HeldByteBuf(bytes("held"));
                CompletableFuture<EntryRef> appended = CompletableFuture.supplyAsync(
                        () -> wal.stream("a").append(clock.millis(), Unpooled.EMPTY_BUFFER, held));
                held.awaitReached();
                int before = files("streams", ".seg").size();
                while (files("streams", ".seg").size() < before + 2) {
                    all.addAll(appendSome(wal.stream("b"), 20));
                }
                List<Written> shown;
                try (EntryCursor cursor = without.scan("b")) {
                    shown = Written.drain(cursor);
                }
                assertThat(shown).isEqualTo(all.subList(0, shown.size())).hasSizeLessThan(all.size());
                held.letGo();
                appended.get();
                assertHoldsNow(wal, "b", all);
                try (EntryCursor cursor = without.scan("b")) {
                    assertThat(Written.drain(cursor)).isEqualTo(all);
                }
            }
        }
    }

    @Nested
    class Channel extends SharedContract {
        Channel() {
            super(LogHome.channel());
        }
    }

    @Nested
    class OnJimfs extends SharedContract {
        OnJimfs() {
            super(LogHome.jimfs());
        }
    }
}
