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
 * <p>Begin with {@link dev.streamwal.reader.WalReader}: by reference, by time, the latest, in order, as it comes. {@link dev.streamwal.reader.Keys}
 * say which streams a call is for, {@link dev.streamwal.reader.ReadFrom} where following one begins, and a
 * {@link dev.streamwal.reader.WalConsumer} goes on where it has committed.
 *
 * <p>Errors are unchecked, under {@link dev.streamwal.error.WalException}; arguments that could never be right are an
 * {@link IllegalArgumentException} or {@link NullPointerException} at the call.
 *
 * @since 1.0
 */
@NullMarked
package dev.streamwal.reader;

import org.jspecify.annotations.NullMarked;
