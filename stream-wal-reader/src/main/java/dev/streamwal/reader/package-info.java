/**
 * Reading a log, from any process, while it is written.
 *
 * <pre>{@code
 * try (WalReader reader = WalReader.open(directory)) {
 *     Instant now = Instant.now();
 *     try (EntryCursor lastHour = reader.scan("meter/4711", now.minus(Duration.ofHours(1)), now)) {
 *         while (lastHour.next()) {
 *             System.out.println(lastHour.timestamp() + " " + lastHour.content().toString(UTF_8));
 *         }
 *     }
 *     Map<String, Entry> latest = reader.latest(Keys.prefix("meter/"));
 *     System.out.println(latest.size() + " meters have sent something");
 *     try (EntryTail tail = reader.follow(Keys.glob("meter/*"), ReadFrom.end())) {
 *         while (tail.next(Duration.ofSeconds(10))) {
 *             System.out.println(tail.key() + " at " + tail.timestamp());
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>Begin with {@link dev.streamwal.reader.WalReader}: it reads records by reference, by time, the latest ones, in order, or as they come.
 * {@link dev.streamwal.reader.Keys} select the streams of a call, {@link dev.streamwal.reader.ReadFrom} tells where following a stream begins, and
 * a {@link dev.streamwal.reader.WalConsumer} goes on where it has committed. A {@link dev.streamwal.reader.TypedCursor} turns records into values of
 * a type.
 *
 * <p>Exceptions are unchecked sub-classes of {@link dev.streamwal.error.WalException}. An argument that can never be right is an
 * {@link IllegalArgumentException} or {@link NullPointerException} of the call.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal.reader;

import org.jspecify.annotations.NullMarked;
