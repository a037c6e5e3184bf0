/* An application's own messages within a call, as the wire has them and as the application has them. */
import { uuid } from '../base/uuid.js';

/* Content is anything that JSON can say. */
export function messageToWire({ content, contentType = 'application/json', messageType = 'user-defined-message' }) {
  if (content === undefined || content === null) throw new TypeError('a message needs content');
  const voiceeventsid = `KX${uuid().replaceAll('-', '')}`;
  return { content, contenttype: contentType, messagetype: messageType, voiceeventsid };
}

export function messageFromWire({ content, contenttype, messagetype, voiceeventsid }) {
  return { content, contentType: contenttype, messageType: messagetype, voiceEventSid: voiceeventsid };
}
