package dev.streamwal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class UntoldFailuresTest {

    private static final Error NO_MEMORY = new OutOfMemoryError("made by the test");

    private final List<String> told = new ArrayList<>();
    private boolean isFull;
    private final UntoldFailures untold = new UntoldFailures(this::report);

    private void report(String task, @Nullable String key, Throwable cause) {
        if (isFull) {
            throw NO_MEMORY;
        }
        told.add(task + " " + key + " " + cause.getMessage());
    }

    private static Exception because(String message) {
        return new IllegalStateException(message);
    }

    @Test
    void tell_reportFails_isToldAtTheNextChanceOnce() {
        isFull = true;
        untold.tell("sweep", null, because("first"));
        untold.tell("sweep", null, because("second"));
        untold.tell("seal", "a", because("third"));
        untold.tell("seal", "b", because("fourth"));
        untold.tellKept();
        assertThat(told).isEmpty();
        assertThat(untold.any().orElseThrow().cause()).hasMessage("second");
        isFull = false;
        untold.tell("pack", null, because("fifth"));
        assertThat(told).containsExactlyInAnyOrder("sweep null second", "seal a third", "seal b fourth", "pack null fifth");
        assertThat(untold.any()).isEmpty();
        untold.tellKept();
        assertThat(told).hasSize(4);
    }

    @Test
    void tell_moreThanAreKept_tellsTheFirst() {
        isFull = true;
        for (int i = 0; i < 100; i++) {
            untold.tell("seal", "s" + i, because("full"));
        }
        isFull = false;
        untold.tellKept();
        assertThat(told).hasSize(16).contains("seal s0 full", "seal s15 full");
    }

    @Test
    void tellKept_whoIsToldAsks_returns() {
        List<UntoldFailures> asked = new ArrayList<>();
        UntoldFailures asking = new UntoldFailures((task, key, cause) -> {
            if (isFull) {
                throw NO_MEMORY;
            }
            asked.get(0).tellKept();
            told.add(task);
        });
        asked.add(asking);
        isFull = true;
        asking.tell("sweep", null, because("full"));
        isFull = false;
        asking.tellKept();
        assertThat(told).containsExactly("sweep");
    }
}
