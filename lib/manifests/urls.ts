/** A text without the user, the password or the token that its URLs name in front of the host. */
export function hideUserInfo(text: string): string {
  return text.replaceAll(/(?<=:\/\/)[^\s/?#]*@/g, "");
}
