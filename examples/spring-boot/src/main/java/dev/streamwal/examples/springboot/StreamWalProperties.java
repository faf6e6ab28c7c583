package dev.streamwal.examples.springboot;

import dev.streamwal.Durability;
import dev.streamwal.StreamOptions;
import dev.streamwal.WalOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The application's properties that begin with {@code streamwal}. What isn't set is as the library has it by default.
 *
 * @param directory the log's; without it there is no log
 * @param name of the log, for its metrics
 * @param retention how long records are kept
 * @param window what a segment covers
 * @param durability what a record survives once its append has returned
 * @param streams what differs for some of them; of several patterns that match a key the first one counts, so this is a list
 */
@ConfigurationProperties("streamwal")
record StreamWalProperties(
        Path directory,
        @DefaultValue("main") String name,
        @Nullable Duration retention,
        @Nullable Duration window,
        @Nullable Durability durability,
        @DefaultValue List<Streams> streams) {

    /** Options of the streams whose keys match a pattern, such as {@code billing/*}. */
    record Streams(String pattern, @Nullable Duration retention, @Nullable Duration window, @Nullable Durability durability) {

        private StreamOptions options() {
            StreamOptions.Builder options = StreamOptions.builder();
            if (retention != null) {
                options.retention(retention);
            }
            if (window != null) {
                options.window(window);
            }
            if (durability != null) {
                options.durability(durability);
            }
            return options.build();
        }
    }

    WalOptions options() {
        WalOptions.Builder options = WalOptions.builder();
        if (retention != null) {
            options.retention(retention);
        }
        if (window != null) {
            options.window(window);
        }
        if (durability != null) {
            options.durability(durability);
        }
        streams.forEach(each -> options.streams(each.pattern(), each.options()));
        return options.build();
    }
}
