/**
 * Writing a log: appending, durability, retention.
 *
 * <pre>{@code
 * WalOptions options = WalOptions.builder()
 *         .retention(Duration.ofDays(30))
 *         .streams("audit/*", StreamOptions.builder().durability(Durability.IMMEDIATE).build())
 *         .build();
 * try (StreamWal wal = StreamWal.open(directory, options)) {
 *     WalStream power = wal.stream("meter/4711/power");
 *     EntryRef ref = power.append(Instant.now(), "231.5".getBytes(UTF_8));
 *     wal.stream("audit/logins").append("anna".getBytes(UTF_8));      // survives power loss when it returns
 *     wal.append(new WriteBatch()                                     // many streams, one call
 *             .add("meter/1/power", WriteEntry.of("228.4".getBytes(UTF_8)))
 *             .add("meter/2/power", WriteEntry.of("230.0".getBytes(UTF_8))));
 *     try (WalReader reader = wal.reader()) {                         // in another process: WalReader.open(directory)
 *         reader.find(ref).ifPresent(entry -> System.out.println(entry.content().toString(UTF_8)));
 *     }
 *     if (wal.health().state() != WalHealth.State.OK) {
 *         System.out.println(wal.health());
 *     }
 * }
 * }</pre>
 *
 * <p>Begin with {@link dev.streamwal.StreamWal}: a log has one writer at a time. {@link dev.streamwal.WalStream} appends to one key's stream,
 * {@link dev.streamwal.TypedStream} values of a type and {@link dev.streamwal.SampleStream} numbers. {@link dev.streamwal.WalOptions} and
 * {@link dev.streamwal.StreamOptions} say what is kept and for how long, and {@link dev.streamwal.WalListener} receives background events.
 * {@link dev.streamwal.reader.WalReader} reads, in this process and in others.
 *
 * <p>Errors are unchecked, under {@link dev.streamwal.error.WalException}; arguments that could never be right are an
 * {@link IllegalArgumentException} or {@link NullPointerException} at the call.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal;

import org.jspecify.annotations.NullMarked;
